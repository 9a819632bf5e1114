// The kernel as an agent sees it: the generated calls, and what is handier than a call.
import { Buffer } from "node:buffer";
import { inheritedSocket } from "./address.js";
import { CallsOfAgents } from "./calls.js";
import { Unsendable, octetsOf } from "./wire.js";

const WRITE_SIZE_MAX = 640 * 1024; // of one request, so that its line stays within bounds as base64 too

export class Agent extends CallsOfAgents {
  static async connect() {
    return new Agent(inheritedSocket());
  }

  async write(request, options) {
    const { data, ...where } = request;
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new Unsendable("write needs data: text or a Uint8Array");
    }
    const octets = octetsOf(data);
    if (octets.length <= WRITE_SIZE_MAX) return super.write({ ...where, data: octets }, options);
    let size = 0;
    for (let start = 0; start < octets.length; start += WRITE_SIZE_MAX) {
      const piece = octets.subarray(start, start + WRITE_SIZE_MAX);
      const offset = offsetOf(start, where);
      size += (await super.write({ ...where, data: piece, offset }, options)).size;
    }
    return { size };
  }

  async readBytes(path, options) {
    const pieces = [];
    let offset = 0;
    for (;;) {
      const part = await this.read({ path, offset }, options);
      pieces.push(part.data);
      offset += part.data.length;
      if (part.end || part.data.length === 0) return Buffer.concat(pieces);
    }
  }

  async readText(path, options) {
    return (await this.readBytes(path, options)).toString("utf8");
  }

  async tool(name, toolArguments = {}, options) {
    return (await this.exec({ tool: name, arguments: toolArguments }, options)).result;
  }
}

// Where in the file a piece goes: by handle and when appending the kernel keeps count itself.
function offsetOf(start, { path, offset, append }) {
  if (append || (path === undefined && offset === undefined) || (start === 0 && offset === undefined)) return undefined;
  return (offset ?? 0) + start;
}
