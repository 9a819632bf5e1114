// Values on the wire: what may be sent is checked here before it leaves, what arrives before it is believed.
//
// Octets are a JSON string when they are UTF-8 (and shorter that way), else {"base64": ...}. Integers keep within
// 2^53 - 1. A message has at most 32 levels, 50 000 values and 1 MiB, as the kernel's own bounds.
import { Buffer } from "node:buffer";

export const LINE_BYTES_MAX = 1 << 20;
const DEPTH_MAX = 30; // of a request's members; the message around them has two levels
const VALUES_MAX = 49_990; // of a request's members; the message around them has a few

export class AgentOSError extends Error {
  static code = -125;
  static error = "internal";

  /**
   * @param {string} message
   * @param {{hint?: string, rule?: string, reason?: string, retry?: unknown, approval?: string}} [details]
   */
  constructor(message, details = {}) {
    super(message);
    this.name = new.target.name;
    this.code = new.target.code;
    this.error = new.target.error;
    this.hint = details.hint ?? "";
    this.rule = details.rule ?? "";
    this.reason = details.reason ?? "";
    this.retry = details.retry;
    this.approval = details.approval ?? "";
  }
}

export class ProtocolError extends AgentOSError {
  static code = -126;
  static error = "malformed";
}

export class Unsendable extends AgentOSError {
  static code = -100;
  static error = "invalid_argument";
}

export class Disconnected extends AgentOSError {
  static code = -129;
  static error = "no_kernel";
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Octets of the kernel as text. @param {Uint8Array} octets */
export function textOf(octets) {
  try {
    return strictUtf8.decode(octets);
  } catch {
    throw new ProtocolError("the kernel sent octets that are not UTF-8");
  }
}

/** What is given as octets, as such. @param {string | Uint8Array} given @returns {Uint8Array} */
export function octetsOf(given) {
  return typeof given === "string" ? Buffer.from(checkedText(given), "utf8") : given;
}

function checkedText(text) {
  if (/\p{Surrogate}/u.test(text)) {
    throw new Unsendable("text holds a lone surrogate, which has no UTF-8 form", { hint: "send it as octets" });
  }
  return text;
}

/** Octets as a JSON value. @param {string | Uint8Array} octets */
export function encodeOctets(octets) {
  if (typeof octets === "string") return octets;
  const content = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  try {
    const text = strictUtf8.decode(content);
    if (Buffer.byteLength(JSON.stringify(text)) <= Math.ceil(content.length / 3) * 4 + 14) return text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  return { base64: content.toString("base64") };
}

/** The octets a JSON value stands for. @returns {Buffer} */
export function decodeOctets(value) {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (isObject(value) && Object.keys(value).length === 1 && typeof value.base64 === "string") {
    const octets = Buffer.from(value.base64, "base64");
    if (octets.toString("base64") === value.base64) return octets;
    throw new ProtocolError("octets are not valid base64");
  }
  throw new ProtocolError('octets must be text or {"base64": ...}');
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Counts what is encoded, so that a message the kernel could not read is refused here, by name.
class Bounds {
  #values = 0;

  encode(value, depth) {
    if (++this.#values > VALUES_MAX) {
      throw new Unsendable(`a request holds at most ${VALUES_MAX} values`, { hint: "send less at once" });
    }
    if (depth > DEPTH_MAX) {
      throw new Unsendable(`a request is at most ${DEPTH_MAX} levels deep`, { hint: "nest less" });
    }
    switch (typeof value) {
      case "boolean":
        return value;
      case "string":
        return checkedText(value);
      case "bigint":
        return this.#number(Number(value), value);
      case "number":
        return this.#number(value, value);
      case "object":
        return this.#object(value, depth);
      default:
        throw new Unsendable(`a ${typeof value} has no JSON form`);
    }
  }

  #number(number, given) {
    if (!Number.isFinite(number)) throw new Unsendable(`the number ${given} has no JSON form`);
    if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
      throw new Unsendable(`the integer ${given} is beyond 2^53 - 1`, { hint: "send it as text" });
    }
    return number;
  }

  #object(value, depth) {
    if (value === null) return null;
    if (value instanceof Uint8Array) return encodeOctets(value);
    if (Array.isArray(value)) return value.map((item) => this.encode(item, depth + 1));
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw new Unsendable(`a ${value.constructor?.name ?? "value of that class"} has no JSON form`);
    }
    const members = Object.entries(value).filter(([, item]) => item !== undefined);
    // fromEntries defines members, so that one called __proto__ is a member like any other.
    return Object.fromEntries(members.map(([name, item]) => [checkedText(name), this.encode(item, depth + 1)]));
  }
}

/** One message as its line, newline included. @returns {Buffer} */
export function lineOf(message) {
  const line = Buffer.from(JSON.stringify(message) + "\n", "utf8");
  if (line.length - 1 > LINE_BYTES_MAX) {
    throw new Unsendable(`a message is at most ${LINE_BYTES_MAX} octets, this has ${line.length - 1}`, {
      hint: "send it in ranges",
    });
  }
  return line;
}

/** A request as its line. @returns {Buffer} */
export function requestLine(id, method, members) {
  if (!isObject(members)) throw new Unsendable("a request is an object of its members");
  return lineOf({ jsonrpc: "2.0", id, method, params: new Bounds().encode(members, 1) });
}

export function asObject(value) {
  if (!isObject(value)) throw new ProtocolError("a JSON object was expected");
  return value;
}

function ofType(type, words) {
  return (value) => {
    if (typeof value !== type) throw new ProtocolError(`${words} was expected`);
    return value;
  };
}

export const asBoolean = ofType("boolean", "true or false");
export const asNumber = ofType("number", "a number");
export const asText = ofType("string", "text");
export const asBytes = decodeOctets;
export const asJson = (value) => value;
export const nothing = () => undefined;

export function asInteger(value) {
  if (!Number.isSafeInteger(value)) throw new ProtocolError("an integer was expected");
  return value;
}

/** A reader of lists whose items `read` reads. */
export function listOf(read) {
  return (value) => {
    if (!Array.isArray(value)) throw new ProtocolError("a list was expected");
    return value.map(read);
  };
}

export const required = (read) => ({ read, required: true });
export const optional = (read) => ({ read, required: false });

/** A reader of objects with these members; others, of a later kernel, are left out. */
export function readerOf(members) {
  return (value) => {
    const given = asObject(value);
    const out = {};
    for (const [name, member] of Object.entries(members)) {
      if (!Object.hasOwn(given, name)) {
        if (member.required) throw new ProtocolError(`the reply lacks "${name}"`);
        continue;
      }
      try {
        out[name] = member.read(given[name]);
      } catch (error) {
        if (error instanceof ProtocolError) throw new ProtocolError(`"${name}" of the reply: ${error.message}`);
        throw error;
      }
    }
    return out;
  };
}
