"""The demonstration's agent: searches real documents, reads, computes, writes a report, and meets the walls.

Everything it does beside printing is a system call of AgentOS, or an attempt to do without one.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.getcwd(), "sdk", "python"))

from agentos import Agent, AgentOSError  # noqa: E402

SUBJECTS = ["Landlock", "tamper", "warranty", "patent"]


def say(text: str) -> None:
    print(f"[researcher] {text}", flush=True)


def expect_refusal(what: str, attempt) -> str:
    """Runs an attempt that must fail and says how it was refused; a success is an error of the demonstration."""
    try:
        attempt()
    except AgentOSError as error:
        answer = f"refused: {type(error).__name__}: {error}"
    except OSError as error:
        answer = f"refused by the sandbox: {error.strerror}"
    else:
        answer = "WAS NOT REFUSED"
    say(f"{what} -> {answer}")
    return f"- {what}: {answer}\n"


def research(agent: Agent) -> str:
    report = "# Report\n\n## Findings\n"
    for subject in SUBJECTS:
        hits = agent.tool("search_documents", text=subject)["text"].splitlines()
        files = sorted({line.split(":", 1)[0] for line in hits})
        report += f"- **{subject}**: {len(hits)} lines in {len(files)} files\n"
        say(f"'{subject}': {len(hits)} lines in {len(files)} files")
    text = agent.tool("read_document", path="/usr/share/common-licenses/Apache-2.0")["text"]
    agent.write("/mem/working/apache.txt", text)
    stats = agent.tool("text_stats", text=text)
    per_line = agent.tool("calculate", expression=f"round({stats['words']} / {stats['lines']})")
    report += f"- Apache-2.0: {stats['words']} words, about {per_line.get('value', per_line)} a line\n"
    return report


def child_with_fewer_rights(agent: Agent) -> str:
    ends = agent.pipe()
    child = agent.fork(
        name="summarizer",
        command=["/usr/bin/python3", "examples/demo/child.py", str(ends.write_handle)],
        rights=["self", "ipc"],
        handles=[ends.write_handle],
    )
    agent.close(handle=ends.write_handle)
    message = agent.recv(handle=ends.read_handle, timeout_ms=20000)
    ended = agent.wait(agent=child.agent, timeout_ms=20000)
    say(f"child {child.agent} said: {message.data.decode()} (stamped by the kernel: {message.sender}), exit {ended.code}")
    return f"- child {child.agent}: {message.data.decode()}\n"


def crashing_child(agent: Agent) -> str:
    child = agent.fork(name="crasher", command=["/usr/bin/python3", "-c", "import ctypes; ctypes.string_at(0)"])
    ended = agent.wait(agent=child.agent, timeout_ms=20000)
    say(f"child {child.agent} ended by signal {ended.signal} ({ended.cause}); the kernel and this agent live on")
    return f"- child {child.agent}: signal {ended.signal}, {ended.cause}\n"


def meet_the_walls(agent: Agent, stranger: str) -> str:
    report = "\n## Walls\n"
    report += expect_refusal("read /etc/shadow by system call", lambda: agent.read(path="/etc/shadow"))
    report += expect_refusal("read /etc/shadow by open(2)", lambda: open("/etc/shadow", "rb").read())
    report += expect_refusal("write to /policy", lambda: agent.write("/policy/rules.yaml", "allow: everything"))
    report += expect_refusal(f"signal the stranger {stranger}", lambda: agent.signal(target=stranger, signal="SIGKILL"))
    report += expect_refusal("call the denied tool", lambda: agent.tool("delete_document", path=os.path.abspath("README.md")))
    report += expect_refusal("take more context than the budget", lambda: agent.brk(tokens=1_000_000))
    return report


def main() -> int:
    stranger = sys.argv[1]
    with Agent.connect() as agent:
        status = agent.status()
        say(f"I am {status.agent}, ring {status.ring}, with {len(status.rights)} rights")
        report = research(agent)
        report += "\n## Children\n" + child_with_fewer_rights(agent) + crashing_child(agent)
        report += meet_the_walls(agent, stranger)
        agent.write("/state/report.md", report)
        print("\n" + agent.read_text("/state/report.md"), flush=True)
        return 1 if "WAS NOT REFUSED" in report else 0


if __name__ == "__main__":
    sys.exit(main())
