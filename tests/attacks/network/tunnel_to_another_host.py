"""Opens a tunnel to the allowed host and speaks to another one in it: TLS with another name or none, HTTP with another
Host, and protocols that are neither."""
from attack import *


def hello(name):
    def sized(content, size):
        return len(content).to_bytes(size, "big") + content
    extension = b"\x00\x00" + sized(sized(b"\x00" + sized(name, 2), 2), 2) if name else b""
    body = b"\x03\x03" + b"r" * 32 + sized(b"", 1) + sized(b"\x13\x01", 2) + sized(b"\x00", 1) + sized(extension, 2)
    return b"\x16\x03\x01" + sized(b"\x01" + sized(body, 3), 2)


for what in (hello(b"evil.example"), hello(b""), hello(b"api.example.com.evil.example"),
             b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
             b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
             b"DELETE /x HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n",
             b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
             hello(b"api.example.com") + b"\r\n\r\nGET /evil HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
             b"SSH-2.0-OpenSSH\r\n", b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"\x01tunnel"):
    sock, code = open_tunnel(ALLOWED, 8080)
    if code != 200:
        succeeded("the test's own tunnel is refused")
    sock.sendall(what)
    sock.settimeout(3)
    if b"HTTP/1.1 200" in everything(sock):
        succeeded(repr(what))
refused("the test asks the server what it heard")
