// An agent in Node: keeps a checkpoint of its state, runs a tool, and meets a wall.
//
//   agentos run --policy sdk/node/examples/notes.yaml -- node sdk/node/examples/notes.js
import { Agent, errors } from "../index.js";

const agent = await Agent.connect();

let state = { runs: 0 };
try {
  ({ state } = await agent.checkpoint_load({ id: "notes" }));
} catch (error) {
  if (!(error instanceof errors.NotFound)) throw error;
}
state.runs += 1;
const { digest } = await agent.checkpoint_save({ id: "notes", state });
console.log(`checkpoint ${digest}`);

await agent.write({ path: "/mem/working/notes.txt", data: "one\ntwo\n" });
console.log(`notes: ${JSON.stringify(await agent.readText("/mem/working/notes.txt"))}`);
console.log(`6*7 = ${JSON.stringify(await agent.tool("calculate", { expression: "6*7" }))}`);

try {
  await agent.write({ path: "/policy/mine.yaml", data: "allow: all" });
} catch (error) {
  if (!(error instanceof errors.Denied)) throw error;
  console.log(`refused by ${error.rule}: ${error.message}`);
}
