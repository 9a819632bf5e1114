"""A name policy allows, whose owner lets it resolve to an address inside: DNS rebinding."""
from attack import *

for host in ("inside.example.com", "mixed.example.com"):
    if status(get("http://%s/" % host, host)) != 403:
        succeeded(host)
    if open_tunnel(host, 443)[1] == 200:
        succeeded("tunnel to " + host)
    if socks(host, 80)[1] == 0:
        succeeded("socks to " + host)
refused()
