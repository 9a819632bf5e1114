// Types of the package; those of the calls, their requests and their replies are generated (lib/calls.d.ts).
/// <reference types="node" />
import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { CallsOfAgents, CallsOfOperators, SignalName, WriteReply, WriteRequest } from "./lib/calls.js";
import * as errors from "./lib/errors.js";

export { errors };
export * from "./lib/calls.js";

/** What the kernel answered instead of a reply. Each error of the table is a subclass (see errors). */
export class AgentOSError extends Error {
  /** Number in the table of every error of this class. */
  static readonly code: number;
  /** Its word there. */
  static readonly error: string;
  readonly code: number;
  readonly error: string;
  /** How to mend it; or empty. */
  readonly hint: string;
  /** What policy said, when it was policy; or empty. */
  readonly rule: string;
  readonly reason: string;
  /** Whether and how it may be asked again, when the kernel said so. */
  readonly retry: unknown;
  readonly approval: string;
}

/** The other end sent what no kernel sends; the connection is closed. */
export class ProtocolError extends AgentOSError {}
/** A request that cannot be put on the wire; nothing was sent. */
export class Unsendable extends AgentOSError {}
/** The connection is closed: the agent has ended, the kernel has stopped, or disconnect() was called. */
export class Disconnected extends AgentOSError {}

/** A signal the kernel told this agent of. */
export interface Signal {
  name: SignalName;
  /** Why, as its sender said; or empty. */
  reason: string;
  /** Who sent it, written by the kernel; or empty. */
  sender: string;
  /** The whole notification. */
  details: Record<string, unknown>;
}

/** Signals as events: each under its name, and every one under "signal". */
export interface Signals extends EventEmitter {
  on(event: SignalName | "signal", listener: (signal: Signal) => void): this;
  once(event: SignalName | "signal", listener: (signal: Signal) => void): this;
  off(event: SignalName | "signal", listener: (signal: Signal) => void): this;
}

export interface CallOptions {
  /** Aborting it cancels the call and rejects with its reason. */
  signal?: AbortSignal;
}

/** A connection to the kernel. It keeps the process alive only while calls wait for their answers. */
export class Client {
  constructor(socket: Socket);
  /** Any call by name; the typed methods are made of this. */
  call(name: string, request?: object, options?: CallOptions): Promise<Record<string, unknown>>;
  /** Closes the connection; calls under way reject with Disconnected. */
  disconnect(): void;
}

/** The kernel as an agent sees it. */
export class Agent extends CallsOfAgents {
  /** Takes over the connection this agent was started with. Rejects with errors.NoKernel when there is none. */
  static connect(): Promise<Agent>;
  /** Those whose disposition is "handle" (see sigaction); what came before anybody listened is kept. */
  readonly signals: Signals;
  /** Data larger than one message goes in several calls; each is decided and recorded by itself. */
  write(request: WriteRequest, options?: CallOptions): Promise<WriteReply>;
  /** The whole file. */
  readBytes(path: string, options?: CallOptions): Promise<Buffer>;
  /** The whole file as text. */
  readText(path: string, options?: CallOptions): Promise<string>;
  /** Runs a registered tool and gives what it returned. */
  tool(name: string, toolArguments?: Record<string, unknown>, options?: CallOptions): Promise<unknown>;
}

/** The kernel as its operator sees it. */
export class Operator extends CallsOfOperators {
  /** Connects to the kernel at `path`, AGENTOS_SOCKET, or where it listens by default. */
  static connect(path?: string): Promise<Operator>;
}
