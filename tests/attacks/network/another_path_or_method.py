"""Asks for a path or a method that policy sees as one thing and a server may take for another."""
from attack import *

for path in ("/pub/..%2fhidden", "/pub%2F..%2Fhidden", "/pub/..;/hidden", "/pub/%252e%252e/hidden", "/pub/..%5chidden",
             "/pub/%c0%ae%c0%ae/hidden", "/;x/hidden", "/%2fhidden"):
    if status(get("http://%s%s" % (ALLOWED, path), ALLOWED)) == 200:
        succeeded(path)
for field in (b"X-HTTP-Method-Override: DELETE", b"X-HTTP-Method: DELETE", b"x_method_override: DELETE",
              b"X-Original-URL: /hidden", b"X-Rewrite-URL: /hidden"):
    if status(get("http://%s/pub" % ALLOWED, ALLOWED, field + b"\r\n")) == 200:
        succeeded(field.decode())
refused()
