"""AgentOS for Python: an agent's system calls, and the operator's.

    from agentos import Agent

    with Agent.connect() as agent:
        agent.write("/state/notes.txt", "hello")
        print(agent.read_text("/state/notes.txt"))
        print(agent.tool("word_count", text="one two three"))

Every call is decided by policy and recorded by the kernel; what is refused raises a class of agentos.errors, such as
Denied with .rule and .hint. agentos.aio holds the same clients for asyncio. Only the standard library is used.
"""

from __future__ import annotations

from . import _errors as errors
from ._calls import Budget, Document
from ._client import Agent, Client, Operator
from ._errors import *  # noqa: F403  (one class for each error of the table)
from ._errors import __all__ as _error_names
from ._exchange import Disconnected, Signal
from ._region import Region
from ._wire import AgentOSError, ProtocolError, Unsendable

__all__ = [
    "Agent",
    "AgentOSError",
    "Budget",
    "Client",
    "Disconnected",
    "Document",
    "Operator",
    "ProtocolError",
    "Region",
    "Signal",
    "Unsendable",
    "errors",
]
__all__ += [name for name in _error_names if name != "BY_NAME"]
