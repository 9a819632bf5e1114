// What the types allow and refuse; compiled, never run. A line marked as an error that is none fails too.
import { once } from "node:events";
import { ABI_REVISION, Agent, AgentOSError, Client, Operator, errors } from "agentos";
import type { AgentEntry, Signal, StatReply } from "agentos";

const agent: Agent = await Agent.connect();
const client: Client = agent;
const revision: number = ABI_REVISION;
const described: StatReply = await agent.stat({ path: "/state/notes.txt" });
const octets: Uint8Array = (await agent.read({ path: "/state/notes.txt", offset: undefined })).data;
const closed: void = await agent.close({ handle: 3 });
await agent.write({ path: "/state/notes.txt", data: octets }, { signal: new AbortController().signal });
await agent.hello();
agent.signals.on("SIGTERM", (signal: Signal) => console.log(signal.name, signal.reason)).on("signal", () => {});
await once(agent.signals, "SIGUSR1");
const anything: Record<string, unknown> = await client.call("of_a_later_kernel", { a: 1 });
const operator = await Operator.connect("/run/agentos/kernel.sock");
const listed: AgentEntry[] = (await operator.ps()).agents;
try {
  await agent.unlink({ path: "/state/notes.txt" });
} catch (error) {
  if (error instanceof errors.Denied) console.log(error.rule.length, error.hint.length, error.code.toFixed());
  const code: -2 = errors.Denied.code;
  const word: "denied" = errors.Denied.error;
  if (error instanceof AgentOSError) console.log(code, word, errors.BY_NAME.get(error.error));
}

// @ts-expect-error: no such mode
await agent.open({ path: "/state/notes.txt", mode: "q" });
// @ts-expect-error: the path is missing
await agent.open({});
// @ts-expect-error: an unknown member
await agent.stat({ path: "/state", more: 1 });
// @ts-expect-error: a call of operators
await agent.ps();
// @ts-expect-error: its reply would bring a descriptor
await agent.mmap({});
// @ts-expect-error: no such signal
agent.signals.on("SIGNONE", () => {});
// @ts-expect-error: octets, not a number
await agent.write({ path: "/state/notes.txt", data: 5 });
console.log(revision, described, closed, anything, listed);
