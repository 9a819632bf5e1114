"""Lists the folders where people have their homes, and the root. 42: nothing of them is seen."""
import os
import sys

seen = []
for folder in ("/home", "/root", "/var/lib", "/srv"):
    try:
        seen += os.listdir(folder)
    except OSError:
        pass
sys.exit(0 if seen else 42)
