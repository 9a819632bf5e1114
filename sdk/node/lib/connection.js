// A connection over which many calls are under way at once. Replies come in any order and are matched by id.
//
// At most 256 calls are unanswered; more wait here for their turn. An aborted call is cancelled at the kernel and keeps
// its place until that is answered. The socket keeps the process alive only while an answer is awaited.
import { Buffer } from "node:buffer";
import { BY_NAME, Internal } from "./errors.js";
import { Disconnected, LINE_BYTES_MAX, ProtocolError, lineOf, requestLine } from "./wire.js";

const IN_FLIGHT_MAX = 256;
const SIGNALS_MAX = 64; // kinds of signals kept until somebody asks; the table has twelve
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
  #socket;
  #closed = null; // why
  #next = 1;
  #waiting = new Map(); // id -> {resolve, reject, forget}; resolve null: given up
  #queue = []; // calls that wait for their turn
  #pieces = [];
  #pieceBytes = 0;
  #onSignal = null;
  #signals = new Map(); // the newest of each name, until somebody asks

  constructor(socket) {
    this.#socket = socket;
    socket.on("data", (octets) => this.#receive(octets));
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
      const one = { id: this.#next, line: requestLine(this.#next, name, members), resolve, reject, forget: () => {} };
      this.#next += 1;
      if (abort) {
        const listener = () => this.#giveUp(one, abort.reason);
        abort.addEventListener("abort", listener, { once: true });
        one.forget = () => abort.removeEventListener("abort", listener);
      }
      this.#queue.push(one);
      this.#sendNext();
    });
  }

  onSignal(callback) {
    this.#onSignal = callback;
    const kept = [...this.#signals.values()];
    this.#signals.clear();
    for (const signal of kept) queueMicrotask(() => callback(signal));
  }

  disconnect() {
    this.#fail(new Disconnected("the connection was closed here"));
  }

  #sendNext() {
    while (this.#queue.length > 0 && this.#waiting.size < IN_FLIGHT_MAX) {
      const one = this.#queue.shift();
      this.#waiting.set(one.id, one);
      this.#socket.write(one.line);
      one.line = null;
    }
    if (this.#waiting.size > 0) this.#socket.ref();
    else this.#socket.unref();
  }

  #giveUp(one, reason) {
    const queued = this.#queue.indexOf(one);
    if (queued >= 0) {
      this.#queue.splice(queued, 1);
    } else if (this.#waiting.has(one.id)) {
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
    this.#queue = [];
    this.#pieces = [];
  }

  #receive(octets) {
    let rest = octets;
    try {
      while (this.#closed === null) {
        const end = rest.indexOf(NEWLINE);
        if (end < 0) break;
        const line = Buffer.concat([...this.#pieces, rest.subarray(0, end)]);
        this.#pieces = [];
        this.#pieceBytes = 0;
        rest = rest.subarray(end + 1);
        this.#take(line);
      }
      if (rest.length === 0 || this.#closed !== null) return;
      this.#pieces.push(rest);
      this.#pieceBytes += rest.length;
      if (this.#pieceBytes > LINE_BYTES_MAX) {
        throw new ProtocolError(`a line of the kernel is longer than ${LINE_BYTES_MAX} octets`);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail(error);
    }
  }

  #take(line) {
    let message;
    try {
      message = JSON.parse(line.toString("utf8"));
    } catch {
      throw new ProtocolError("the kernel sent a line that is not JSON");
    }
    if (typeof message !== "object" || message === null || message.jsonrpc !== "2.0") {
      throw new ProtocolError("the kernel sent a line that is not JSON-RPC 2.0");
    }
    if (Object.hasOwn(message, "method")) this.#takeNotification(message);
    else this.#takeResponse(message);
  }

  #takeNotification({ method, params }) {
    if (method !== "notifications/signal" || typeof params?.signal !== "string") return; // of a later kernel
    const text = (value) => (typeof value === "string" ? value : "");
    const signal = { name: params.signal, reason: text(params.reason), sender: text(params.sender), details: params };
    if (this.#onSignal !== null) {
      const callback = this.#onSignal;
      queueMicrotask(() => callback(signal));
    } else if (this.#signals.has(signal.name) || this.#signals.size < SIGNALS_MAX) {
      this.#signals.set(signal.name, signal);
    }
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
