// A kernel that answers as a test says: a server on a socket of its own, and a client socket connected to it.
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

/** Answered only when the test says so. */
export const HELD = Symbol("held");

export class Refusal {
  constructor(error, message = "refused", details = {}) {
    this.body = { code: -32000, message, data: { error, ...details } };
  }
}

export class FakeKernel {
  requests = [];
  cancelled = [];
  #arrived = [];
  #buffer = "";

  static async start(answer) {
    const kernel = new FakeKernel();
    kernel.folder = fs.mkdtempSync(path.join(os.tmpdir(), "agentos-node-"));
    kernel.path = path.join(kernel.folder, "kernel.sock");
    kernel.answer = answer;
    const connected = new Promise((resolve) => {
      kernel.server = net.createServer((socket) => {
        kernel.socket = socket;
        socket.setEncoding("utf8");
        socket.on("data", (text) => kernel.#read(text));
        socket.on("error", () => {});
        resolve();
      });
    });
    await new Promise((resolve) => kernel.server.listen(kernel.path, resolve));
    kernel.client = net.createConnection({ path: kernel.path });
    await connected;
    return kernel;
  }

  close() {
    this.socket?.destroy();
    this.server.close();
    fs.rmSync(this.folder, { recursive: true });
  }

  sendRaw(text) {
    this.socket.write(text);
  }

  send(message) {
    this.sendRaw(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
  }

  /** Resolves when `count` requests (or cancellations) have come. */
  async waitFor(list, count) {
    while (list.length < count) await new Promise((resolve) => this.#arrived.push(resolve));
  }

  #read(text) {
    this.#buffer += text;
    const lines = this.#buffer.split("\n");
    this.#buffer = lines.pop();
    for (const line of lines) this.#take(JSON.parse(line));
    for (const wake of this.#arrived.splice(0)) wake();
  }

  #take(message) {
    if (message.id === undefined) {
      this.cancelled.push(message.params.requestId);
      return;
    }
    this.requests.push(message);
    const answer = this.answer(message.method, message.params);
    if (answer === HELD) return;
    if (answer instanceof Refusal) this.send({ id: message.id, error: answer.body });
    else this.send({ id: message.id, result: answer });
  }
}
