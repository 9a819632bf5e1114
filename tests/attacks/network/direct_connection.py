"""Connects to a server of this host, past the proxy, with every kind of socket."""
from attack import *

port = int(sys.argv[1])
for family, address in ((socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port, 0, 0)),
                        (socket.AF_INET6, ("::ffff:127.0.0.1", port, 0, 0)), (socket.AF_INET, ("0.0.0.0", port))):
    for blocking in (True, False):
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setblocking(blocking)
            sock.connect_ex(address)
            sock.settimeout(SECONDS)
            sock.sendall(b"GET /direct HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % port)
            if b"hello" in everything(sock):
                succeeded(str(address))
        except OSError:
            pass
refused()
