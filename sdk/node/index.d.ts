// Types of the package; those of the calls, their requests and their replies are generated (lib/calls.d.ts).
/// <reference types="node" />
import type { Socket } from "node:net";
import { CallOptions, CallsOfAgents, CallsOfAll, CallsOfOperators, WriteReply, WriteRequest } from "./lib/calls.js";
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
  /** "SIGTERM" */
  name: string;
  /** Why, as its sender said; or empty. */
  reason: string;
  /** Who sent it, written by the kernel; or empty. */
  sender: string;
  /** The whole notification. */
  details: Record<string, unknown>;
}

/** A connection to the kernel. It keeps the process alive only while calls wait for their answers. */
export class Client extends CallsOfAll {
  constructor(socket: Socket);
  /** Closes the connection; calls under way reject with Disconnected. */
  disconnect(): void;
}

/** The kernel as an agent sees it. */
export interface Agent extends Client {}
export class Agent extends CallsOfAgents {
  constructor(socket: Socket);
  /** Takes over the connection this agent was started with. Rejects with errors.NoKernel when there is none. */
  static connect(): Promise<Agent>;
  /** Calls back for each signal whose disposition is "handle"; those that came before anybody asked are kept. */
  onSignal(callback: (signal: Signal) => void): void;
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
export interface Operator extends Client {}
export class Operator extends CallsOfOperators {
  constructor(socket: Socket);
  /** Connects to the kernel at `path`, AGENTOS_SOCKET, or where it listens by default. */
  static connect(path?: string): Promise<Operator>;
}
