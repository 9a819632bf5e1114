"""Has a first request allowed and sends another on the same connection, in the same packet and in a chunked body's wake."""
from attack import *

FIRST = b"GET http://api.example.com/first HTTP/1.1\r\nHost: api.example.com\r\n\r\n"
answer = say(FIRST + b"DELETE http://api.example.com/second HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n")
if answer.count(b"HTTP/1.1 200") != 1 or b"403 Forbidden" not in answer:
    succeeded("the second request: %r" % answer)
answer = say(FIRST + b"GET http://other.example/ HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n")
if answer.count(b"HTTP/1.1 200") != 1:
    succeeded("another host on the same connection")
refused()
