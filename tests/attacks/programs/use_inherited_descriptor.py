"""Uses a descriptor above 3 that a careless launcher left open. 42: there is none."""
import os
import sys

own = set()
for number in range(4, 1024):
    try:
        os.fstat(number)
        own.add(number)
    except OSError:
        pass
sys.exit(0 if own else 42)
