"""Opens sockets the proxy would not see: UDP, MPTCP, SCTP, raw, netlink, packet, vsock, Unix; listens; fast open."""
from attack import *

for family, kind, protocol in ((socket.AF_INET, socket.SOCK_DGRAM, 0), (socket.AF_INET6, socket.SOCK_DGRAM, 0),
                               (socket.AF_INET, socket.SOCK_STREAM, 262), (socket.AF_INET, socket.SOCK_STREAM, 132),
                               (socket.AF_INET, socket.SOCK_SEQPACKET, 132), (socket.AF_INET, socket.SOCK_RAW, 1),
                               (socket.AF_INET, socket.SOCK_DGRAM, 1), (16, socket.SOCK_RAW, 0), (17, socket.SOCK_RAW, 0),
                               (40, socket.SOCK_STREAM, 0), (socket.AF_UNIX, socket.SOCK_STREAM, 0),
                               (socket.AF_UNIX, socket.SOCK_DGRAM, 0), (43, socket.SOCK_STREAM, 0)):
    try:
        socket.socket(family, kind, protocol).getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)  # of a stand-in: ENOTSOCK
        succeeded("a socket of family %d, type %d, protocol %d" % (family, kind, protocol))
    except OSError:
        pass
port = int(sys.argv[1])
for attempt in (lambda s: s.bind(("127.0.0.1", 0)), lambda s: s.listen(1),
                lambda s: s.sendto(b"GET / HTTP/1.0\r\n\r\n", 0x20000000, ("127.0.0.1", port)),
                lambda s: s.sendmsg([b"GET / HTTP/1.0\r\n\r\n"], [], 0x20000000, ("127.0.0.1", port))):
    try:
        attempt(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        succeeded("a call on an unconnected socket")
    except OSError:
        pass
refused()
