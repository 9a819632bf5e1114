"""Where the kernel is: an agent inherits its connection, an operator finds a socket in the file system."""

from __future__ import annotations

import array
import os
import socket
import stat
import struct
from typing import List, Sequence, Tuple

from ._errors import NoKernel

RECEIVE_SIZE = 1 << 16
DESCRIPTORS_PER_READ = 16


def inherited_socket() -> socket.socket:
    """The connection this agent was started with. It is taken over: the well-known descriptor is closed."""
    word = os.environ.get("AGENTOS_SOCKET_FD", "3")
    hint = "agents find the kernel at AGENTOS_SOCKET_FD; run this program with: agentos run; connect only once"
    try:
        number = int(word)
        own = os.dup(number)
    except (ValueError, OSError):
        raise NoKernel(f"there is no connection at descriptor {word}", hint=hint) from None
    try:
        connection = socket.socket(fileno=own)
    except OSError:
        os.close(own)
        raise NoKernel(f"descriptor {word} is not a socket", hint=hint) from None
    if connection.family != socket.AF_UNIX or connection.type != socket.SOCK_STREAM:
        connection.close()
        raise NoKernel(f"descriptor {word} is not a Unix stream socket", hint=hint)
    os.close(number)
    return connection


def operator_path() -> str:
    """Where the kernel of this user listens."""
    given = os.environ.get("AGENTOS_SOCKET")
    if given:
        return given
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        return os.path.join(runtime, "agentos", "kernel.sock")
    uid = os.getuid()
    if os.path.isdir(f"/run/user/{uid}"):
        return f"/run/user/{uid}/agentos/kernel.sock"
    return f"/tmp/agentos-{uid}/kernel.sock"


def check_folder(path: str) -> None:
    """Anybody may make a folder in /tmp: one that is not ours alone is not trusted."""
    folder = os.path.dirname(path)
    if not folder.startswith("/tmp/"):
        return
    try:
        status = os.lstat(folder)
    except OSError:
        return  # connecting says what is missing
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise NoKernel(f"{folder} is not a folder only you can write", hint="remove it, or set AGENTOS_SOCKET")


def operator_socket(path: str = "") -> socket.socket:
    """A new connection to the kernel that listens at `path`, or where it listens by default."""
    if not path:
        path = operator_path()
        if "AGENTOS_SOCKET" not in os.environ:
            check_folder(path)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise NoKernel(f"no kernel answers at {path}: {error.strerror or error}", hint="start one with: agentos serve") from None
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    if uid != os.geteuid():  # requests carry what is not meant for the program of another user
        connection.close()
        raise NoKernel(f"who listens at {path} is a program of user {uid}, not yours", hint="set AGENTOS_SOCKET")
    return connection


def receive(connection: socket.socket) -> Tuple[bytes, List[int]]:
    """Reads once: octets (none at the end) and the descriptors that came along."""
    space = socket.CMSG_SPACE(DESCRIPTORS_PER_READ * array.array("i").itemsize)
    flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
    octets, ancillary, _, _ = connection.recvmsg(RECEIVE_SIZE, space, flags)
    descriptors = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    return octets, list(descriptors)


def rights_of(descriptors: Sequence[int]) -> List[Tuple[int, int, bytes]]:
    """Ancillary content that passes descriptors on."""
    if not descriptors:
        return []
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors).tobytes())]
