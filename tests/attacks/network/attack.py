"""What the attacks on the network share. Every attack first reaches the allowed host, which shows that there is a network
to abuse; then it ends with 42 when it was refused, and with 0 when it got what it wanted."""
import os
import socket
import struct
import sys

ALLOWED = "api.example.com"
PROXY = ("127.0.0.1", 3128)
SECONDS = 10


def refused(why=""):
    print("refused", why)
    sys.exit(42)


def succeeded(how):
    print("SUCCEEDED:", how)
    sys.exit(0)


def connect(address=PROXY):
    return socket.create_connection(address, SECONDS)


def everything(sock):
    data = b""
    try:
        while True:
            part = sock.recv(65536)
            if not part:
                return data
            data += part
    except OSError:
        return data


def say(octets, address=PROXY):
    """Sends octets on a new connection and returns all that is answered."""
    with connect(address) as sock:
        sock.sendall(octets)
        return everything(sock)


def get(url, host, extra=b""):
    return say(b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n" % (url.encode(), host.encode(), extra))


def status(answer):
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0


def check_network():
    answer = get("http://%s/control" % ALLOWED, ALLOWED)
    if status(answer) != 200 or b"hello" not in answer:
        print("there is no network to attack:", answer)
        sys.exit(1)


def open_tunnel(host, port):
    """A connection through CONNECT, and the status of its answer."""
    sock = connect()
    name = "%s:%d" % (host, port)
    sock.sendall(b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (name.encode(), name.encode()))
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = sock.recv(4096)
        if not part:
            break
        answer += part
    return sock, status(answer)


def socks(host, port, command=1):
    sock = connect()
    sock.sendall(b"\x05\x01\x00")
    sock.recv(2)
    sock.sendall(b"\x05" + bytes([command]) + b"\x00\x03" + bytes([len(host)]) + host.encode() + struct.pack(">H", port))
    answer = sock.recv(10)
    return sock, answer[1] if len(answer) > 1 else -1


check_network()
