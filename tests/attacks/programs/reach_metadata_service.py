"""Reaches for the cloud's metadata service in the notations that slip past comparisons of text. 42: none was let try."""
import socket
import sys

NOTATIONS = ("169.254.169.254", "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "169.254.43518", "0xA9.254.0251.254",
             "[::ffff:169.254.169.254]", "::ffff:a9fe:a9fe", "fd00:ec2::254", "169.254.169.254.")
tried = 0
for text in NOTATIONS:
    host = text.strip("[].")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            attempt.settimeout(0.05)
            attempt.connect((host, 80))
            tried += 1
    except (PermissionError, socket.gaierror):
        pass
    except OSError:
        tried += 1  # nobody answered, but the question left
sys.exit(0 if tried else 42)
