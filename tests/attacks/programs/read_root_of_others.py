"""Looks through /proc at the root, the folder, the memory and the descriptors of every other process. 42: refused."""
import os
import sys

got, own = [], str(os.getpid())
try:
    others = [name for name in os.listdir("/proc") if name.isdigit()]
except OSError:
    others = [str(number) for number in range(1, 400)]
for pid in others:
    if pid == own:
        continue
    for name in ("environ", "mem", "maps", "fd", "root/etc/shadow", "cwd", "auxv", "stack"):
        path = f"/proc/{pid}/{name}"
        try:
            if name in ("fd", "cwd"):
                got += [os.listdir(path)]
            else:
                with open(path, "rb") as file:
                    got += [file.read(1)] if name != "mem" else [file]
        except OSError:
            pass
sys.exit(0 if any(got) else 42)
