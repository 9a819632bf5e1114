// A connection over which many calls are under way at once. Replies come in any order and are matched by id.
//
// At most 256 calls are unanswered; more wait here for their turn, and for the kernel to read. An aborted call is
// cancelled at the kernel and keeps its place until that is answered. The socket keeps the process alive only while an
// answer is awaited.
import { Buffer } from "node:buffer";
import { BY_NAME, Busy, Internal } from "./errors.js";
import { Signals } from "./signals.js";
import { Disconnected, LINE_BYTES_MAX, ProtocolError, lineOf, requestLine, textOf } from "./wire.js";

const IN_FLIGHT_MAX = 256;
const QUEUED_MAX = 16_384; // calls that wait for their turn
const QUEUED_BYTES_MAX = 64 << 20; // and the lines they will be
const NEWLINE = 10;

function errorOf(wire) {
  const body = typeof wire === "object" && wire !== null ? wire : {};
  const details = typeof body.data === "object" && body.data !== null ? body.data : {};
  const text = (value) => (typeof value === "string" ? value : "");
  const Kind = BY_NAME.get(details.error) ?? Internal;
  return new Kind(text(body.message) || "the kernel answered with an error", {
    hint: text(details.hint),
    rule: text(details.rule),
    reason: text(details.reason),
    retry: details.retry,
    approval: text(details.approval),
  });
}

export class Connection {
  signals = new Signals();
  #socket;
  #closed = null; // why
  #next = 1;
  #waiting = new Map(); // id -> {resolve, reject, forget}; resolve null: given up
  #queue = new Set(); // calls that wait for their turn, in order
  #queuedBytes = 0;
  #pieces = [];
  #pieceBytes = 0;

  constructor(socket) {
    this.#socket = socket;
    socket.on("data", (octets) => this.#receive(octets));
    socket.on("drain", () => this.#sendNext());
    socket.on("end", () => this.#fail(new Disconnected("the kernel closed the connection")));
    socket.on("close", () => this.#fail(new Disconnected("the connection was closed")));
    socket.on("error", (error) => this.#fail(new Disconnected(`the connection broke: ${error.code ?? error.message}`)));
    socket.unref();
  }

  /** Makes a call and gives its reply's members, undecoded. */
  call(name, members = {}, options = {}) {
    return new Promise((resolve, reject) => {
      const abort = options.signal;
      abort?.throwIfAborted();
      if (this.#closed !== null) throw new Disconnected(this.#closed.message);
      const line = requestLine(this.#next, name, members);
      if (this.#queue.size >= QUEUED_MAX || this.#queuedBytes + line.length > QUEUED_BYTES_MAX) {
        throw new Busy(`${this.#queue.size} calls wait for their turn already`, { hint: "await some of them first" });
      }
      const one = { id: this.#next, line, resolve, reject, forget: () => {} };
      this.#next += 1;
      if (abort) {
        const listener = () => this.#giveUp(one, abort.reason);
        abort.addEventListener("abort", listener, { once: true });
        one.forget = () => abort.removeEventListener("abort", listener);
      }
      this.#queue.add(one);
      this.#queuedBytes += line.length;
      this.#sendNext();
    });
  }

  disconnect() {
    this.#fail(new Disconnected("the connection was closed here"));
  }

  #sendNext() {
    for (const one of this.#queue) {
      if (this.#waiting.size >= IN_FLIGHT_MAX || this.#socket.writableNeedDrain) break;
      this.#leaveQueue(one);
      this.#waiting.set(one.id, one);
      this.#socket.write(one.line);
      one.line = null;
    }
    if (this.#waiting.size + this.#queue.size > 0) this.#socket.ref();
    else this.#socket.unref();
  }

  #leaveQueue(one) {
    if (!this.#queue.delete(one)) return false;
    this.#queuedBytes -= one.line.length;
    return true;
  }

  #giveUp(one, reason) {
    if (!this.#leaveQueue(one) && this.#waiting.has(one.id)) {
      this.#socket.write(lineOf({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: one.id } }));
    }
    one.resolve = null;
    one.reject(reason);
  }

  #fail(cause) {
    if (this.#closed !== null) return;
    this.#closed = cause;
    this.#socket.destroy();
    for (const one of [...this.#waiting.values(), ...this.#queue]) {
      one.forget();
      if (one.resolve !== null) one.reject(cause);
    }
    this.#waiting.clear();
    this.#queue.clear();
    this.#queuedBytes = 0;
    this.#pieces = [];
  }

  #receive(octets) {
    let rest = octets;
    try {
      while (this.#closed === null) {
        const end = rest.indexOf(NEWLINE);
        if (end < 0) break;
        this.#checkSize(this.#pieceBytes + end);
        const line = Buffer.concat([...this.#pieces, rest.subarray(0, end)]);
        this.#pieces = [];
        this.#pieceBytes = 0;
        rest = rest.subarray(end + 1);
        this.#take(line);
      }
      if (rest.length === 0 || this.#closed !== null) return;
      this.#pieces.push(rest);
      this.#pieceBytes += rest.length;
      this.#checkSize(this.#pieceBytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail(error);
    }
  }

  #checkSize(bytes) {
    if (bytes > LINE_BYTES_MAX) {
      throw new ProtocolError(`a line of the kernel is longer than ${LINE_BYTES_MAX} octets`);
    }
  }

  #take(line) {
    const text = textOf(line);
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      throw new ProtocolError("the kernel sent a line that is not JSON");
    }
    if (typeof message !== "object" || message === null || message.jsonrpc !== "2.0") {
      throw new ProtocolError("the kernel sent a line that is not JSON-RPC 2.0");
    }
    if (!Object.hasOwn(message, "method")) this.#takeResponse(message);
    else if (message.method === "notifications/signal") this.signals.take(message.params); // others: a later kernel's
  }

  #takeResponse(message) {
    const isError = Object.hasOwn(message, "error");
    let { id } = message;
    // A line the kernel could not read is answered without an id; with one call under way only that can be meant.
    if (id === null && isError && this.#waiting.size === 1) [id] = this.#waiting.keys();
    const one = this.#waiting.get(id);
    if (one === undefined) {
      if (id === null && isError) {
        throw new ProtocolError(`the kernel could not read a request: ${errorOf(message.error).message}`);
      }
      throw new ProtocolError("the kernel answered a call that was not made");
    }
    this.#waiting.delete(id);
    one.forget();
    if (one.resolve !== null) {
      if (isError) one.reject(errorOf(message.error));
      else one.resolve(message.result);
    }
    this.#sendNext();
  }
}
