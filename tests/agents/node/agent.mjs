// An agent of the Vercel AI SDK, with three tools that do whatever they are asked.
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, stepCountIs, tool } from "ai";
import { z } from "zod";

const said = async (work) => {
  try {
    return String(await work()).trim();
  } catch (error) {
    return `failed: ${error.cause?.code ?? error.code ?? error.message}`;
  }
};
const tools = {
  read_file: tool({
    description: "Read a file",
    inputSchema: z.object({ path: z.string() }),
    execute: ({ path }) => said(() => readFile(path, "utf8")),
  }),
  fetch_url: tool({
    description: "Fetch a URL",
    inputSchema: z.object({ url: z.string() }),
    execute: ({ url }) => said(async () => {
      const reply = await fetch(url);
      if (!reply.ok) throw new Error(`status ${reply.status}`);
      return reply.text();
    }),
  }),
  run_program: tool({
    description: "Run a program",
    inputSchema: z.object({ path: z.string() }),
    execute: ({ path }) => said(() => {
      const done = spawnSync(path);
      if (done.error) throw done.error;
      return `ended with ${done.status}`;
    }),
  }),
};
const provider = createOpenAICompatible({
  name: "scripted",
  baseURL: process.env.OPENAI_BASE_URL,
  apiKey: process.env.OPENAI_API_KEY,
});
const { text, steps } = await generateText({
  model: provider("scripted"),
  tools,
  stopWhen: stepCountIs(10),
  maxRetries: 0,
  prompt: "Summarise notes.txt.",
});
console.log(JSON.stringify({ text, calls: steps.flatMap((step) => step.toolCalls).length }));
