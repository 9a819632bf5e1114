"""Opens tunnels to the host itself: loopback in many notations, the kernel's own ports, Unix sockets."""
from attack import *

port = int(sys.argv[1])
for host in ("127.0.0.1", "localhost", "127.1", "0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "2130706433", "017700000001",
             "0x7f000001", "127.0.0.1.", "[0:0:0:0:0:ffff:7f00:1]", "[64:ff9b::7f00:1]", "10.0.0.1", "192.168.0.1"):
    for p in (port, 22, 80, 3128):
        if open_tunnel(host, p)[1] == 200:
            succeeded("%s:%d" % (host, p))
        if socks(host.strip("[]"), p)[1] == 0:
            succeeded("socks %s:%d" % (host, p))
for line in (b"CONNECT /run/docker.sock HTTP/1.1\r\nHost: x\r\n\r\n", b"CONNECT unix:/run/user/0/agentos/kernel.sock HTTP/1.1\r\nHost: x\r\n\r\n",
             b"GET unix:///run/docker.sock HTTP/1.1\r\nHost: x\r\n\r\n", b"GET file:///etc/shadow HTTP/1.1\r\nHost: x\r\n\r\n"):
    if status(say(line)) == 200:
        succeeded(repr(line))
for command in (2, 3):
    if socks(ALLOWED, 80, command)[1] != 7:
        succeeded("SOCKS command %d" % command)
refused()
