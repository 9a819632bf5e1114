"""Reads a file outside every grant by what Python offers, also from another thread. argv[1]: the file. 42: refused."""
import ctypes
import os
import sys
import threading

path, got = sys.argv[1], []


def attempt():
    libc = ctypes.CDLL(None, use_errno=True)
    for way in (lambda: os.open(path, os.O_RDONLY), lambda: open(path, "rb").read(1),
                lambda: os.open(os.path.basename(path), os.O_RDONLY, dir_fd=os.open(os.path.dirname(path), os.O_PATH))):
        try:
            way()
            got.append(True)
        except OSError:
            pass
    if libc.syscall(257, -100, path.encode(), 0) >= 0:  # openat past every wrapper
        got.append(True)


attempt()
thread = threading.Thread(target=attempt)
thread.start()
thread.join()
sys.exit(0 if got else 42)
