"""Reaches a cloud's metadata service by every way to write its address: as a URL, a tunnel, SOCKS and a plain connection."""
from attack import *

NOTATIONS = ["169.254.169.254", "2852039166", "0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376", "169.254.43518",
             "169.16689662", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "169.254.169.254.", "%31%36%39.254.169.254",
             "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "[fd00:ec2::254]", "\u2460\u2465\u2468.254.169.254"]
for host in NOTATIONS:
    if not host.isascii():
        continue  # a header has no such octets
    answer = get("http://%s/latest/meta-data/" % host, host)
    if status(answer) not in (400, 403):
        succeeded("url " + host)
    sock, code = open_tunnel(host, 80)
    if code == 200:
        succeeded("tunnel " + host)
    sock, code = socks(host.strip("[]"), 80)
    if code == 0:
        succeeded("socks " + host)
if b"meta" in say(b"GET / HTTP/1.1\r\nHost: 169.254.169.254\r\nConnection: close\r\n\r\n", ("169.254.169.254", 80)):
    succeeded("connection")
refused()
