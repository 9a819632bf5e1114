"""Looks for a process that is not its own, as a list of the host's processes would show. 42: none is seen."""
import os
import sys

own = {os.getpid(), os.getppid(), 1}
seen = set()
try:
    seen = {int(name) for name in os.listdir("/proc") if name.isdigit()}
except OSError:
    pass
if not seen:  # without reading the folder: does a number mean anything?
    seen = {pid for pid in range(1, 5000) if os.path.exists(f"/proc/{pid}")}
sys.exit(0 if len(seen - own) > 0 else 42)
