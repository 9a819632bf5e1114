"""A child with two rights: it may speak to its parent, and nothing else."""

import os
import sys

sys.path.insert(0, os.path.join(os.getcwd(), "sdk", "python"))

from agentos import Agent, AgentOSError  # noqa: E402

with Agent.connect() as agent:
    try:
        agent.tool("search_documents", text="secret")
        answer = "I could run a tool, which should not be"
    except AgentOSError as error:
        answer = f"I may not run tools ({type(error).__name__})"
    agent.send(handle=int(sys.argv[1]), data=answer.encode())
