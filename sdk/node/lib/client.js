// A connection to the kernel; the generated calls are built on it.
import { Connection } from "./connection.js";
import { asObject } from "./wire.js";

export class Client {
  #connection;

  /** @param {import("node:net").Socket} socket */
  constructor(socket) {
    this.#connection = new Connection(socket);
  }

  async call(name, request = {}, options = {}) {
    return asObject(await this.#connection.call(name, request, options));
  }

  get signals() {
    return this.#connection.signals.emitter;
  }

  disconnect() {
    this.#connection.disconnect();
  }
}
