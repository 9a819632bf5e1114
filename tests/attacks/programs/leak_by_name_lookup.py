"""Looks a name up, which carries its letters to whoever answers for the domain. 42: no query could leave."""
import socket
import sys

try:
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.connect(("127.0.0.53", 53))
    probe.send(b"\0\1\1\0\0\1\0\0\0\0\0\0\6secret\7example\0\0\1\0\1")
except OSError:
    sys.exit(42)
sys.exit(0)
