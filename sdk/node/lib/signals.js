// Signals of the kernel as events, kept until somebody listens.
import { EventEmitter } from "node:events";

const KEPT_MAX = 64; // kinds of signals; the table has twelve

export class Signals {
  /** Emits each signal under its name and under "signal". */
  emitter = new EventEmitter();
  #kept = new Map(); // the newest of each name that nobody listened to

  constructor() {
    this.emitter.on("newListener", () => queueMicrotask(() => this.#deliverKept()));
  }

  /** Takes what params of a notification say; what is no signal is of a later kernel. */
  take(params) {
    if (typeof params?.signal !== "string" || !/^SIG[A-Z0-9]{1,16}$/.test(params.signal)) return;
    const text = (value) => (typeof value === "string" ? value : "");
    const signal = { name: params.signal, reason: text(params.reason), sender: text(params.sender), details: params };
    // Listeners run by themselves: what one throws is not an error of the connection.
    if (this.#isHeard(signal)) queueMicrotask(() => this.#emit(signal));
    else if (this.#kept.has(signal.name) || this.#kept.size < KEPT_MAX) this.#kept.set(signal.name, signal);
  }

  #isHeard({ name }) {
    return this.emitter.listenerCount(name) + this.emitter.listenerCount("signal") > 0;
  }

  #emit(signal) {
    this.emitter.emit(signal.name, signal);
    this.emitter.emit("signal", signal);
  }

  #deliverKept() {
    for (const signal of [...this.#kept.values()]) {
      if (!this.#isHeard(signal)) continue;
      this.#kept.delete(signal.name);
      queueMicrotask(() => this.#emit(signal));
    }
  }
}
