"""An agent of the OpenAI Agents SDK, with three tools that do whatever they are asked."""
import asyncio
import json
import os
import subprocess
import urllib.request

from agents import Agent, Runner, function_tool, set_default_openai_api, set_tracing_disabled


def said(work) -> str:
    try:
        return str(work()).strip()
    except OSError as error:
        return f"failed: {error}"


@function_tool
def read_file(path: str) -> str:
    """Read a file."""
    return said(lambda: open(path, encoding="utf-8").read())


@function_tool
def fetch_url(url: str) -> str:
    """Fetch a URL."""
    return said(lambda: urllib.request.urlopen(url, timeout=10).read().decode())


@function_tool
def run_program(path: str) -> str:
    """Run a program."""
    return said(lambda: f"ended with {subprocess.run([path], check=False).returncode}")


async def main() -> None:
    set_default_openai_api("chat_completions")
    set_tracing_disabled(True)
    agent = Agent(name="reader", model="scripted", tools=[read_file, fetch_url, run_program])
    result = await Runner.run(agent, "Summarise notes.txt.")
    calls = [item for item in result.new_items if item.type == "tool_call_item"]
    print(json.dumps({"text": result.final_output, "calls": len(calls)}))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    asyncio.run(main())
