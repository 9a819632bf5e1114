// An agent that uses the client on a real kernel and says, as one line of JSON, what it saw; tests/node_agent_test.py of
// tests/end_to_end starts it. The first argument names what to do.
import { once } from "node:events";
import process from "node:process";
import { Agent, Operator, Unsendable, errors } from "agentos";

/** The name and details of what `promise` rejects with. */
async function refusal(promise) {
  try {
    return { reply: await promise };
  } catch (error) {
    const { name, message, code, rule } = error;
    return { name, message, code, rule, isError: error instanceof Error };
  }
}

// The deepest and the largest document the client lets through must be ones the kernel reads.
async function bounds(agent) {
  const states = [];
  for (let depth = 24; depth <= 36; ++depth) states.push(JSON.parse('{"a":'.repeat(depth) + "1" + "}".repeat(depth)));
  for (let count = 49_980; count <= 50_000; ++count) states.push({ a: Array(count).fill(0) });
  const seen = { taken: 0, unsendable: 0, others: [] };
  for (const state of states) {
    const { reply, name, message } = await refusal(agent.checkpoint_save({ id: "bounds", state }));
    if (reply !== undefined) seen.taken += 1;
    else if (name === Unsendable.name) seen.unsendable += 1;
    else seen.others.push(`${name}: ${message}`);
  }
  return seen;
}

const doings = {
  async talk() {
    const agent = await Agent.connect();
    const octets = Uint8Array.from({ length: 1_500_000 }, (_, n) => (n * 7) % 256);
    const written = await agent.write({ path: "/mem/working/octets", data: octets });
    const read = await agent.readBytes("/mem/working/octets");
    const many = Array.from({ length: 1000 }, (_, n) => n);
    await Promise.all(many.map((n) => agent.write({ path: `/mem/working/${n % 50}`, data: `\u00e9 ${n}` })));
    const started = Date.now();
    const timedOut = await refusal(agent.recv({}, { signal: AbortSignal.timeout(200) }));
    return {
      hello: await agent.hello(),
      written,
      same: Buffer.compare(read, octets) === 0,
      last: await agent.readText("/mem/working/49"),
      sum: await agent.tool("calculate", { expression: "6*7" }),
      timedOut,
      waitedMs: Date.now() - started,
      denied: await refusal(agent.unlink({ path: "/mem/working/octets" })),
      absent: await refusal(agent.read({ path: "/mem/working/absent" })),
      wrong: await refusal(agent.open({ path: "/mem/working/0", mode: "q" })),
      operators: await refusal(agent.call("ps")),
      again: await refusal(Agent.connect()),
      isNotFound: (await agent.stat({ path: "/absent" }).catch((error) => error)) instanceof errors.NotFound,
      bounds: await bounds(agent),
    };
  },

  async signals() {
    const agent = await Agent.connect();
    await agent.sigaction({ signal: "SIGUSR1", disposition: "handle" });
    const heard = once(agent.signals, "SIGUSR1");
    const { agent: id } = await agent.status();
    console.log(id);
    const waiting = new AbortController();
    const message = refusal(agent.recv({}, { signal: waiting.signal })); // keeps this process alive
    const [signal] = await heard;
    waiting.abort(new Error("no longer"));
    return { signal, message: await message };
  },

  async operator() {
    const operator = await Operator.connect();
    const seen = { ps: await operator.ps(), metrics: await operator.metrics(), agents: await refusal(operator.call("fork")) };
    console.log("connected");
    return { ...seen, waited: await refusal(operator.wait({ agent: seen.ps.agents[0].agent })) };
  },
};

console.log(JSON.stringify(await doings[process.argv[2]]()));
