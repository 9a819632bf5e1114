// What the client promises, against a fake kernel.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import test from "node:test";
import { fileURLToPath } from "node:url";

import { Agent, AgentOSError, Client, Disconnected, Operator, ProtocolError, Unsendable, errors } from "../index.js";
import { decodeOctets, encodeOctets } from "../lib/wire.js";
import { FakeKernel, HELD, Refusal } from "./fake_kernel.js";

const INDEX = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "index.js");

async function start(t, answer) {
  const kernel = await FakeKernel.start(answer);
  const agent = new Agent(kernel.client);
  t.after(() => {
    agent.disconnect();
    kernel.close();
  });
  return { kernel, agent };
}

test("a request holds only what was given", async (t) => {
  const { kernel, agent } = await start(t, () => ({ data: "hi", end: true, of_a_later_kernel: 1 }));
  const reply = await agent.read({ path: "/state/a", offset: 0, size: undefined });
  assert.deepEqual(reply, { data: Buffer.from("hi"), end: true });
  assert.deepEqual(kernel.requests, [
    { jsonrpc: "2.0", id: 1, method: "read", params: { path: "/state/a", offset: 0 } },
  ]);
});

test("replies in any order reach their callers", async (t) => {
  const { kernel, agent } = await start(t, () => HELD);
  const opened = Array.from({ length: 40 }, (_, n) => agent.open({ path: `/state/${n}` }));
  await kernel.waitFor(kernel.requests, 40);
  for (const { id, params } of kernel.requests.toReversed?.() ?? [...kernel.requests].reverse()) {
    kernel.send({ id, result: { handle: Number(params.path.split("/")[2]) } });
  }
  const replies = await Promise.all(opened);
  assert.deepEqual(replies.map((reply) => reply.handle), Array.from({ length: 40 }, (_, n) => n));
});

test("a refusal is the class of its name", async (t) => {
  const details = { rule: "r1", reason: "no", hint: "ask", retry: false };
  const { agent } = await start(t, () => new Refusal("denied", "Policy denies this call", details));
  await assert.rejects(agent.unlink({ path: "/etc/passwd" }), (error) => {
    assert.ok(error instanceof errors.Denied && error instanceof AgentOSError);
    const { code, rule, reason, hint, retry, message } = error;
    assert.deepEqual({ code, rule, reason, hint, retry }, { code: -2, ...details });
    assert.equal(error.error, "denied");
    assert.equal(message, "Policy denies this call");
    return true;
  });
});

test("an unknown error is Internal", async (t) => {
  const { agent } = await start(t, () => new Refusal("from_the_future"));
  await assert.rejects(agent.status(), errors.Internal);
});

test("octets travel as text or base64 and come back as they were", async (t) => {
  const { kernel, agent } = await start(t, () => ({ size: 1 }));
  const samples = [new Uint8Array(), Buffer.from("caf\u00e9\n"), Buffer.from([0xff, 0]), Buffer.alloc(50), "text"];
  for (const data of samples) await agent.write({ path: "/state/a", data });
  const sent = kernel.requests.map(({ params }) => params.data);
  assert.deepEqual(sent.slice(0, 3), ["", "caf\u00e9\n", { base64: "/wA=" }]);
  assert.deepEqual(Object.keys(sent[3]), ["base64"]); // as text each NUL would be six octets
  assert.equal(sent[4], "text");
  const all = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
  for (const octets of [Buffer.alloc(0), all, Buffer.from("\ufeffmark"), all.subarray(3, 9)]) {
    assert.deepEqual(decodeOctets(JSON.parse(JSON.stringify(encodeOctets(octets)))), octets);
  }
  for (const wrong of [1, { base64: "!" }, { base64: "/w" }, { base64: "", more: 1 }, null]) {
    assert.throws(() => decodeOctets(wrong), ProtocolError);
  }
});

test("a large write goes in pieces that fit", async (t) => {
  const files = new Map();
  const { kernel, agent } = await start(t, (method, params) => {
    const data = decodeOctets(params.data);
    const held = params.offset === undefined ? Buffer.alloc(0) : files.get(params.path);
    files.set(params.path, Buffer.concat([held.subarray(0, params.offset ?? 0), data]));
    return { size: data.length };
  });
  const content = crypto.randomBytes(1_500_000);
  assert.deepEqual(await agent.write({ path: "/state/big", data: content }), { size: content.length });
  assert.deepEqual(files.get("/state/big"), content);
  assert.equal(kernel.requests.length, 3);
});

test("text that is long or hard to spell goes as octets, and what is no text does not go", async (t) => {
  const { kernel, agent } = await start(t, (method, { data }) => ({ size: decodeOctets(data).length }));
  const controls = "\u0001".repeat(300_000); // as text six octets each
  assert.deepEqual(await agent.write({ path: "/state/a", data: controls }), { size: 300_000 });
  for (const length of [10, 700_000]) {
    await assert.rejects(agent.write({ path: "/state/a", data: "\ud800".repeat(length) }), Unsendable);
  }
  assert.equal(kernel.requests.length, 1);
});

test("a line of the longest length is taken", async (t) => {
  const { kernel, agent } = await start(t, () => HELD);
  const call = agent.open({ path: "/state/a" });
  await kernel.waitFor(kernel.requests, 1);
  const line = '{"jsonrpc":"2.0","id":1,"result":{"handle":3}}';
  kernel.sendRaw(" ".repeat((1 << 20) - line.length) + line + "\n");
  assert.deepEqual(await call, { handle: 3 });
});

test("readText reads to the end", async (t) => {
  const content = Buffer.from("h\u00e9llo ".repeat(1000));
  const { agent } = await start(t, (method, { offset }) => ({
    data: encodeOctets(content.subarray(offset, offset + 999)),
    end: offset + 999 >= content.length,
  }));
  assert.equal(await agent.readText("/state/a"), content.toString());
});

test("a tool gives its result", async (t) => {
  const { kernel, agent } = await start(t, () => ({ result: { words: 3 }, exit_status: 0, duration_us: 5 }));
  assert.deepEqual(await agent.tool("word_count", { text: "a b c" }), { words: 3 });
  assert.deepEqual(kernel.requests[0].params, { tool: "word_count", arguments: { text: "a b c" } });
});

test("an aborted call is cancelled and its late answer goes nowhere", async (t) => {
  const { kernel, agent } = await start(t, (method) => (method === "recv" ? HELD : { handle: 7 }));
  const abort = new AbortController();
  const receiving = agent.recv({}, { signal: abort.signal });
  await kernel.waitFor(kernel.requests, 1);
  abort.abort(new Error("enough"));
  await assert.rejects(receiving, /enough/);
  await kernel.waitFor(kernel.cancelled, 1);
  assert.deepEqual(kernel.cancelled, [1]);
  kernel.send({ id: 1, error: { code: -32011, message: "cancelled", data: { error: "cancelled" } } });
  assert.deepEqual(await agent.open({ path: "/state/a" }), { handle: 7 });
  await assert.rejects(agent.recv({}, { signal: abort.signal }), /enough/);
  assert.equal(kernel.requests.length, 2, "what was aborted before is not sent");
});

test("at most 256 calls are unanswered and the rest wait their turn", async (t) => {
  const { kernel, agent } = await start(t, () => HELD);
  const calls = Array.from({ length: 300 }, () => agent.hello());
  const settled = Promise.allSettled(calls);
  await kernel.waitFor(kernel.requests, 256);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(kernel.requests.length, 256);
  for (let n = 0; n < 44; ++n) kernel.send({ id: n + 1, result: {} });
  await kernel.waitFor(kernel.requests, 300);
  agent.disconnect();
  const results = await settled;
  assert.equal(results.filter(({ reason }) => reason instanceof ProtocolError).length, 44, "an empty reply is none");
  assert.equal(results.filter(({ reason }) => reason instanceof Disconnected).length, 256);
});

test("calls that wait for their turn are bounded and an aborted one is never sent", async (t) => {
  const { kernel, agent } = await start(t, () => HELD);
  assert.ok(agent instanceof Client);
  const abort = new AbortController();
  const settled = Promise.allSettled(Array.from({ length: 256 + 16_383 }, () => agent.hello()));
  const last = agent.hello({}, { signal: abort.signal });
  await assert.rejects(agent.hello(), errors.Busy);
  abort.abort(new Error("enough"));
  await assert.rejects(last, /enough/);
  const again = agent.hello(); // the place is free
  again.catch(() => {});
  await kernel.waitFor(kernel.requests, 256);
  assert.deepEqual(kernel.cancelled, []);
  agent.disconnect();
  await assert.rejects(again, Disconnected);
  assert.ok((await settled).every(({ reason }) => reason instanceof Disconnected));
});

test("a kernel that does not read is not written to without end", async (t) => {
  const { kernel, agent } = await start(t, () => ({ size: 1 }));
  kernel.socket.pause();
  const data = "x".repeat(600_000);
  const writes = Promise.all(Array.from({ length: 50 }, (_, n) => agent.write({ path: `/state/${n}`, data })));
  const more = Promise.allSettled(Array.from({ length: 100 }, () => agent.write({ path: "/state/more", data })));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(kernel.client.writableLength < 2_000_000, `${kernel.client.writableLength} octets wait in the socket`);
  kernel.socket.resume();
  assert.equal((await writes).length, 50);
  const refused = (await more).filter(({ status }) => status === "rejected");
  assert.ok(refused.length > 0 && refused.every(({ reason }) => reason instanceof errors.Busy), `${refused.length}`);
  for (let round = 0; round < 2; ++round) {
    await Promise.all(Array.from({ length: 80 }, () => agent.write({ path: "/state/again", data })));
  }
});

test("what waited for the kernel to read goes without an answer in between", async (t) => {
  const { kernel, agent } = await start(t, () => HELD);
  const writes = Array.from({ length: 20 }, () => agent.write({ path: "/state/a", data: "x".repeat(100_000) }));
  const settled = Promise.allSettled(writes);
  await kernel.waitFor(kernel.requests, 20);
  agent.disconnect();
  await settled;
});

test("signals are kept until somebody asks", async (t) => {
  const { kernel, agent } = await start(t, () => ({ previous: "default" }));
  const signal = { method: "notifications/signal", params: { signal: "SIGTERM", reason: "bye", sender: "operator" } };
  kernel.send(signal);
  kernel.send(signal);
  kernel.send({ method: "notifications/of_a_later_kernel", params: {} });
  await agent.sigaction({ signal: "SIGTERM", disposition: "handle" });
  const seen = [];
  const [kept] = await once(agent.signals, "SIGTERM");
  assert.equal(kept.reason, "bye");
  agent.signals.on("signal", (one) => seen.push(one));
  kernel.send({ method: "notifications/signal", params: { signal: "SIGUSR1" } });
  kernel.send({ method: "notifications/signal", params: { signal: "error" } }); // would throw as an event
  kernel.send({ ...signal, params: { ...signal.params, reason: "again" } });
  await agent.sigaction({ signal: "SIGTERM" });
  assert.deepEqual(seen.map(({ name, reason, sender }) => [name, reason, sender]), [
    ["SIGUSR1", "", ""],
    ["SIGTERM", "again", "operator"],
  ]);
});

test("a signal for one name waits while another is listened to", async (t) => {
  const { kernel, agent } = await start(t, () => ({}));
  const other = () => assert.fail("SIGUSR2 never came");
  kernel.send({ method: "notifications/signal", params: { signal: "SIGUSR1" } });
  await agent.call("hello");
  agent.signals.on("SIGUSR2", other);
  await agent.call("hello");
  const [late] = await once(agent.signals, "SIGUSR1");
  assert.equal(late.name, "SIGUSR1");
});

test("what the kernel could not read is refused before it is sent", async (t) => {
  const { kernel, agent } = await start(t, () => ({ size: 0 }));
  let deep = 1;
  for (let n = 0; n < 40; ++n) deep = [deep];
  const self = {};
  self.self = self;
  const wrong = [
    deep,
    self,
    NaN,
    Infinity,
    2 ** 53,
    2n ** 60n,
    "\ud800",
    { "\udc00": 1 },
    Array(60_000).fill(0),
    "x".repeat(1 << 20),
    new Date(),
    new Map(),
    () => 1,
    Symbol("s"),
  ];
  for (const value of wrong) {
    await assert.rejects(agent.exec({ tool: "t", arguments: { value } }), Unsendable);
  }
  await assert.rejects(agent.call("read", [1]), Unsendable);
  await assert.rejects(agent.write({ path: "/state/a" }), Unsendable);
  assert.equal(kernel.requests.length, 0);
});

test("a member called __proto__ is a member", async (t) => {
  const { kernel, agent } = await start(t, () => ({ size: 1, digest: "d", replaced: false }));
  await agent.checkpoint_save({ id: "x", state: JSON.parse('{"__proto__": {"a": 1}}') });
  assert.ok(Object.hasOwn(kernel.requests[0].params.state, "__proto__"));
});

for (const [what, line] of [
  ["no JSON", "hello\n"],
  ["no object", "[]\n"],
  ["no JSON-RPC", '{"id":1,"result":{}}\n'],
  ["an answer nobody asked for", '{"jsonrpc":"2.0","id":99,"result":{}}\n'],
  ["an endless line", "x".repeat((1 << 20) + 70_000)],
  ["a line too long", " ".repeat((1 << 20) - 40) + '{"jsonrpc":"2.0","id":1,"result":{"a":0}}\n'],
  ["no UTF-8", Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"a":"\xff"}}\n', "latin1")],
]) {
  test(`${what} ends the connection`, async (t) => {
    const { kernel, agent } = await start(t, () => HELD);
    const calls = [agent.hello(), agent.hello()];
    const settled = Promise.allSettled(calls);
    await kernel.waitFor(kernel.requests, 2);
    kernel.sendRaw(line);
    for (const { reason } of await settled) assert.ok(reason instanceof ProtocolError, String(reason));
    await assert.rejects(agent.hello(), Disconnected);
  });
}

test("replies of the wrong shape are no replies", async (t) => {
  const replies = [{}, { data: 1, end: true }, { data: "", end: "yes" }, [], null, "text"];
  const { agent } = await start(t, () => replies.shift());
  for (let left = replies.length; left > 0; --left) {
    await assert.rejects(agent.read({ path: "/state/a" }), ProtocolError);
  }
});

test("a line the kernel could not read fails the one call under way", async (t) => {
  const { kernel, agent } = await start(t, () => HELD);
  const call = agent.hello();
  call.catch(() => {});
  await kernel.waitFor(kernel.requests, 1);
  kernel.send({ id: null, error: { code: -32700, message: "bad", data: { error: "malformed" } } });
  await assert.rejects(call, errors.Malformed);
});

test("a reply may arrive octet by octet", async (t) => {
  const { kernel, agent } = await start(t, () => HELD);
  const call = agent.open({ path: "/state/a" });
  await kernel.waitFor(kernel.requests, 1);
  kernel.socket.setNoDelay?.(true);
  for (const octet of '{"jsonrpc":"2.0","id":1,"result":{"handle":3}}\n') {
    kernel.sendRaw(octet);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await call, { handle: 3 });
});

test("the kernel's end is told to every call", async (t) => {
  const { kernel, agent } = await start(t, () => HELD);
  const call = agent.hello();
  call.catch(() => {});
  await kernel.waitFor(kernel.requests, 1);
  kernel.socket.destroy();
  await assert.rejects(call, Disconnected);
  await assert.rejects(agent.hello(), Disconnected);
});

test("operators find the socket that AGENTOS_SOCKET names, and hear when there is none", async (t) => {
  const { kernel } = await start(t, () => ({ agents: [] }));
  const before = process.env.AGENTOS_SOCKET;
  t.after(() => {
    if (before === undefined) delete process.env.AGENTOS_SOCKET;
    else process.env.AGENTOS_SOCKET = before;
  });
  process.env.AGENTOS_SOCKET = kernel.path;
  const operator = await Operator.connect();
  assert.deepEqual(await operator.ps(), { agents: [] });
  operator.disconnect();
  process.env.AGENTOS_SOCKET = kernel.path + ".none";
  await assert.rejects(Operator.connect(), errors.NoKernel);
});

test("a socket of another user is not connected to", async (t) => {
  if (process.getuid() !== 0) return t.skip("only root can make one");
  const { kernel } = await start(t, () => ({ agents: [] }));
  fs.chownSync(kernel.path, 65_534, 65_534);
  await assert.rejects(Operator.connect(kernel.path), /belongs to user 65534/);
});

// In a process of its own: descriptors and the event loop's end are the process's.
function inProcess(code, environment, stdio) {
  const script = `import * as agentos from ${JSON.stringify(INDEX)};\n${code}`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, ...environment },
    stdio,
    timeout: 20_000,
    encoding: "utf8",
  });
}

test("a program without the inherited connection is told how to get one", () => {
  const code = "agentos.Agent.connect().catch((error) => console.log(error.name, error.hint));";
  for (const word of ["3", "0x3", "-1", "99999999", "0"]) {
    const out = inProcess(code, { AGENTOS_SOCKET_FD: word }, ["ignore", "pipe", "inherit"]);
    assert.match(out, /^NoKernel .*agentos run/, word);
  }
});

test("an idle connection does not keep the process alive", async (t) => {
  const { kernel } = await start(t, () => ({ agents: [] }));
  const code = "const o = await agentos.Operator.connect(); await o.ps(); console.log('done');";
  const { promise, child } = await spawned(code, kernel.path);
  assert.equal(await promise, "done\n");
  assert.equal(child.exitCode, 0);
});

async function spawned(code, socketPath) {
  const { spawn } = await import("node:child_process");
  const script = `import * as agentos from ${JSON.stringify(INDEX)};\n${code}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, AGENTOS_SOCKET: socketPath },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 20_000,
  });
  let out = "";
  child.stdout.on("data", (text) => (out += text));
  return { child, promise: new Promise((resolve) => child.on("close", () => resolve(out))) };
}
