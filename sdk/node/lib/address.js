// Where the kernel is: an agent inherits its connection, an operator finds a socket in the file system.
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import process from "node:process";
import { NoKernel } from "./errors.js";

let taken = false;

/** The connection this agent was started with; it can be taken once. @returns {net.Socket} */
export function inheritedSocket() {
  const word = process.env.AGENTOS_SOCKET_FD ?? "3";
  const hint = "agents find the kernel at AGENTOS_SOCKET_FD; run this program with: agentos run; connect only once";
  const refuse = (what) => new NoKernel(what, { hint });
  if (!/^[0-9]{1,9}$/.test(word)) throw refuse(`there is no connection at descriptor ${word}`);
  const descriptor = Number(word);
  let status;
  try {
    status = fs.fstatSync(descriptor);
  } catch {
    throw refuse(`there is no connection at descriptor ${word}`);
  }
  if (!status.isSocket()) throw refuse(`descriptor ${word} is not a socket`);
  if (taken) throw refuse(`the connection at descriptor ${word} is in use already`);
  try {
    const socket = new net.Socket({ fd: descriptor, readable: true, writable: true });
    taken = true;
    return socket;
  } catch {
    throw refuse(`descriptor ${word} is not a stream socket`);
  }
}

/** Where the kernel of this user listens. */
function operatorPath() {
  if (process.env.AGENTOS_SOCKET) return process.env.AGENTOS_SOCKET;
  if (process.env.XDG_RUNTIME_DIR) return path.join(process.env.XDG_RUNTIME_DIR, "agentos", "kernel.sock");
  const uid = process.getuid();
  if (fs.statSync(`/run/user/${uid}`, { throwIfNoEntry: false })?.isDirectory()) {
    return `/run/user/${uid}/agentos/kernel.sock`;
  }
  return `/tmp/agentos-${uid}/kernel.sock`;
}

/** Anybody may make a folder in /tmp: one that another user can change is not trusted. */
function checkFolder(folder) {
  const status = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (status === undefined) return; // connecting says what is missing
  if (!status.isDirectory() || status.uid !== process.getuid() || (status.mode & 0o022) !== 0) {
    throw new NoKernel(`${folder} is not a folder only you can write`, { hint: "remove it, or set AGENTOS_SOCKET" });
  }
}

/** Requests carry what is not meant for another user's program. Node cannot ask who listens, but whose the socket is. */
function checkOwner(socketPath) {
  let status;
  try {
    status = fs.statSync(socketPath);
  } catch {
    return; // connecting says what is wrong
  }
  if (status.uid !== process.geteuid()) {
    throw new NoKernel(`${socketPath} belongs to user ${status.uid}, not to you`, { hint: "set AGENTOS_SOCKET" });
  }
}

/** A new connection to the kernel that listens at `given`, or where it listens by default. @returns {Promise<net.Socket>} */
export async function operatorSocket(given = "") {
  const target = given || operatorPath();
  if (!given && !process.env.AGENTOS_SOCKET) checkFolder(path.dirname(target));
  checkOwner(target);
  return new Promise((resolve, reject) => {
    const socket = net.createConnection({ path: target });
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", (error) => {
      reject(
        new NoKernel(`no kernel answers at ${target}: ${error.code ?? error.message}`, {
          hint: "start one with: agentos serve",
        }),
      );
    });
  });
}
