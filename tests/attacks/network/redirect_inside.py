"""Follows the redirect of an allowed server to an address inside and to a host that is not allowed."""
import urllib.error
import urllib.request

from attack import *

for path in ("/redirect-inside", "/redirect-elsewhere"):
    try:
        urllib.request.urlopen("http://%s%s" % (ALLOWED, path), timeout=SECONDS)
        succeeded(path)
    except urllib.error.HTTPError as error:
        if error.code != 403:
            succeeded("%s: %d" % (path, error.code))
refused()
