// AgentOS for Node: an agent's system calls, and the operator's. Only the standard library is used.
//
//   import { Agent } from "agentos";
//   const agent = await Agent.connect();
//   await agent.write({ path: "/state/notes.txt", data: "hello" });
//
// Every call is decided by policy and recorded by the kernel; what is refused rejects with a class of `errors`.
export * as errors from "./lib/errors.js";
export { ABI_REVISION } from "./lib/calls.js";
export { Agent } from "./lib/agent.js";
export { Client } from "./lib/client.js";
export { Operator } from "./lib/operator.js";
export { AgentOSError, Disconnected, ProtocolError, Unsendable } from "./lib/wire.js";
