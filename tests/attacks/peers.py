#!/usr/bin/env python3
"""Runs the attacks under bubblewrap with the settings nearest to `agent-default` (and `workspace`, where an attack needs
one), and writes what got through to docs/attacks_bubblewrap.md.

    tests/attacks/peers.py [--bin build/dev/bin] [--output docs/attacks_bubblewrap.md]

The programs are the same, and so is the scene: a secret of the same user, a TCP port, path and abstract sockets.
"""
import argparse
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_SECONDS = 20
ANSWERS = {0: "**got through**", 42: "refused", 77: "nothing to try"}
SKIPPED = {"inject_terminal_input": "needs a terminal of its own", "outlive_by_daemon": "needs a look from outside"}
ROW = re.compile(r'\{"([^"]+)", Promise::(\w+)[^}]*?(?:"(workspace|unconfined-files|tool)"(?:, Place::k(\w+))?)?\}')
# What these promises forbid, namespaces of one's own make harmless to others instead of refusing it.
WITHIN = {"use_internet", "trace_others", "signal_others", "limit_others", "share_memory", "use_other_sockets"}
HEAD = """# The same attacks under bubblewrap

Written by `tests/attacks/peers.py` from a run of {version} (Debian 12) by an ordinary user. Bubblewrap is
told: all namespaces, a root of system folders and the programs' folder read-only, an empty /tmp, no network, a new
session, a clean environment. It has no rules about calls, deny paths or limits of its own unless the caller brings a
seccomp program, mounts and rlimits; the table is of what it does by these settings, beside what AgentOS answered
([attacks](attacks.md)). *Allowed inside*: the call works, and reaches nothing but the sandbox's own first process, network
or memory. AgentOS does not promise that code which is not granted never runs either (`run_from_memory`, `run_by_loader.sh`).

| attack | bubblewrap |
|---|---|
"""


class Scene:
    """What there is to attack."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in ("tmp", "workspace/.git/hooks", "home/.ssh"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "secret").write_text("a secret", encoding="utf-8")
        (self.folder / "workspace/.git/config").write_text("[core]\n", encoding="utf-8")
        (self.folder / "home/.ssh/id_ed25519").write_text("a key", encoding="utf-8")
        for name in (".bashrc", ".profile"):
            (self.folder / "home" / name).write_text("true\n", encoding="utf-8")
        self.door = str(self.folder / "door")
        self.sockets = [socket.socket(socket.AF_UNIX, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_STREAM)]
        for one, name in zip(self.sockets, (self.door, self.door + ".datagram", "\0" + self.door)):
            one.bind(name)
            if one.type == socket.SOCK_STREAM:
                one.listen()
        self.tcp = socket.create_server(("127.0.0.1", 0))

    def arguments(self):
        return [str(self.folder / "secret"), str(self.tcp.getsockname()[1]), self.door]

    def close(self):
        for one in (*self.sockets, self.tcp):
            one.close()


def bubblewrap(programs, place, writable):
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib64"):
        words += ["--symlink", f"usr/{name}", f"/{name}"]
    for name in ("/etc/passwd", "/etc/group", "/etc/ld.so.cache", "/etc/alternatives"):
        words += ["--ro-bind-try", name, name]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--ro-bind", programs, programs]
    if writable:
        words += ["--bind", place, place]
    return [*words, "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "TMPDIR", "/tmp", "--chdir", place]


def run(name, promise, kind, programs):
    if name in SKIPPED:
        return SKIPPED[name]
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(folder)
        place = {"Workspace": f"{folder}/workspace", "Home": f"{folder}/home"}.get(kind, programs)
        start = {".py": ["/usr/bin/python3", "-B"], ".sh": ["/bin/sh"]}.get(pathlib.Path(name).suffix, [])
        words = bubblewrap(programs, place, place != programs) + start + [f"{programs}/{name}", *scene.arguments()]
        try:
            result = subprocess.run(words, capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return "did not end"
        finally:
            scene.close()
        if result.returncode not in ANSWERS:
            return f"ended with {result.returncode}"
        if result.returncode == 0 and promise in WITHIN:
            return "allowed inside"
        return ANSWERS[result.returncode]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("build/dev/bin"))
    parser.add_argument("--output", type=pathlib.Path, default=HERE.parent.parent / "docs/attacks_bubblewrap.md")
    parsed = parser.parse_args()
    if shutil.which("bwrap") is None:
        sys.exit("peers.py: install bubblewrap (Debian package) first")
    version = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    programs = str(parsed.bin.resolve() / "attacks")
    rows = ROW.findall(" ".join((HERE / "attack_table.h").read_text(encoding="utf-8").split()))
    lines = [f"| `{name}` | {run(name, promise, kind, programs)} |\n" for name, promise, _, kind in sorted(rows)]
    through, inside = (sum(words in line for line in lines) for words in ("got through", "allowed inside"))
    tail = f"\n{through} of {len(lines)} got through, {inside} were allowed inside.\n"
    parsed.output.write_text(HEAD.format(version=version) + "".join(lines) + tail, encoding="utf-8")
    print(f"wrote {parsed.output}: {through} of {len(lines)} got through")


if os.geteuid() != 0:
    print("as an ordinary user; bubblewrap then needs user namespaces", file=sys.stderr)
main()
