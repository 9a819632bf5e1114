"""A witness on another machine, played by a server written from C2SP tlog-witness and tlog-cosignature alone."""
import base64
import hashlib
import http.server
import subprocess
import sys
import threading
import time

import real_kernel
from real_kernel import HERE, PROGRAMS, KernelTest, wait_until

VERIFIER = HERE.parents[1] / "sdk/verify"
sys.path.insert(0, str(VERIFIER))
sys.dont_write_bytecode = True
import signed  # noqa: E402  (the verifier's own arithmetic: Python has no Ed25519)

NAME = "witness.example/w1"
COSIGNATURE_KEY = b"\x04"


def encoded(point):
    x, y, z, _ = point
    inverse = pow(z, -1, signed.P)
    x, y = x * inverse % (signed.P), y * inverse % (signed.P)
    return (y | (x & 1) << 255).to_bytes(32, "little")


class Key:
    """RFC 8032, section 5.1."""

    def __init__(self, seed):
        digest = hashlib.sha512(seed).digest()
        self.scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
        self.prefix = digest[32:]
        self.public = encoded(signed.multiply(self.scalar, signed.BASE))

    def sign(self, message):
        nonce = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % signed.L
        first = encoded(signed.multiply(nonce, signed.BASE))
        challenge = int.from_bytes(hashlib.sha512(first + self.public + message).digest(), "little")
        return first + ((nonce + challenge * self.scalar) % signed.L).to_bytes(32, "little")


class StubWitness:
    """Trusts one log; answers add-checkpoint; forgets nothing while it runs."""

    def __init__(self, log_key):
        self.key, self.log = Key(b"w" * 32), signed.parse_key(log_key, b"\x01")
        self.size, self.root, self.answers, self.lies = 0, None, [], False
        identifier = hashlib.sha256(NAME.encode() + b"\n" + COSIGNATURE_KEY + self.key.public).digest()[:4]
        self.identifier = identifier
        self.verifier = f"{NAME}+{identifier.hex()}+{base64.b64encode(COSIGNATURE_KEY + self.key.public).decode()}\n"
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, kind, answer = outer.answer(self.path, body)
                outer.answers.append(status)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer.encode())))
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/some/prefix/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path, body):
        plain = "text/plain; charset=utf-8"
        if path != "/some/prefix/add-checkpoint":
            return 404, plain, "no such place\n"
        head, note = body.split("\n\n", 1)
        old, *proof = head.split("\n")
        try:
            checkpoint = signed.Checkpoint(note, self.log)
        except (signed.Found, signed.Malformed):
            return 403, plain, "not signed by a log that is known here\n"
        old_size = int(old.removeprefix("old "))
        if old_size > checkpoint.size:
            return 400, plain, "the old size is larger\n"
        if old_size != self.size or (old_size == checkpoint.size and self.root not in (None, checkpoint.root)):
            return 409, "text/x.tlog.size", f"{self.size}\n"
        hashes = [base64.b64decode(line) for line in proof]
        if old_size and not signed.holds_consistency(hashes, old_size, checkpoint.size, self.root, checkpoint.root):
            return 422, plain, "the proof does not hold\n"
        self.size, self.root = checkpoint.size, checkpoint.root
        seconds = int(time.time())
        signature = self.key.sign(f"cosignature/v1\ntime {seconds}\n{checkpoint.body}".encode())
        if self.lies:
            signature = bytes(64)
        octets = self.identifier + seconds.to_bytes(8, "big") + signature
        return 200, plain, f"\u2014 {NAME} {base64.b64encode(octets).decode()}\n"


class RemoteWitness(KernelTest):
    def setUp(self):
        super().setUp()
        self.log = self.kernel.folder / "state/agentos/log"
        self.assertEqual(self.kernel.run("/bin/true").returncode, 0)
        wait_until(lambda: self.size() > 0, what="a checkpoint over the first entries")
        self.witness = StubWitness((self.log / "log.pub").read_text(encoding="utf-8"))
        self.addCleanup(self.witness.server.server_close)
        self.addCleanup(self.witness.server.shutdown)
        self.key = self.kernel.folder / "w1.pub"
        self.key.write_text(self.witness.verifier, encoding="utf-8")

    def look(self, url=None):
        return self.kernel.cli("log", "witness", "--url", url or self.witness.url, "--witness-key", str(self.key), "--once", text=True)

    def size(self):
        return int((self.log / "checkpoint").read_text(encoding="utf-8").split("\n")[1])

    def expect_cosigned(self):
        for program in ([PROGRAMS / "agentos-verify"], [sys.executable, "-B", VERIFIER / "agentos_verify.py"]):
            words = [*program, "log", self.log, "--witness-key", self.key, "--witnesses", "1"]
            done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False, timeout=60)
            self.assertEqual(done.returncode, 0, done)

    def test_it_cosigns_what_it_is_shown_and_what_continues_that(self):
        first = self.look()
        self.assertEqual(first.returncode, 0, first)
        self.assertIn("cosigned", first.stdout)
        before = self.size()
        self.assertEqual(self.kernel.run("/bin/true").returncode, 0)
        wait_until(lambda: self.size() > before, what="a newer checkpoint")
        self.assertEqual(self.look().returncode, 0)
        self.assertEqual(self.witness.answers, [200, 409, 200], "it says what it has seen, and is shown what follows")
        self.assertEqual(self.kernel.stop(), 0)
        self.assertEqual(self.look().returncode, 0)
        self.expect_cosigned()
        own = self.kernel.cli("log", "witness", "--state", str(self.kernel.folder / "own"), "--once", "--dir", str(self.log))
        self.assertEqual(own.returncode, 0, own)
        self.expect_cosigned()  # one witness takes nothing from another
        self.kernel.start()

    def test_what_is_no_cosignature_of_its_is_not_kept(self):
        self.witness.lies = True
        lied = self.look()
        self.assertNotEqual(lied.returncode, 0)
        self.assertIn("no cosignature", lied.stderr)
        self.assertFalse((self.log / "cosigned").exists())

    def test_a_refusal_is_told_and_so_is_a_witness_that_is_not_there(self):
        nowhere = self.look(self.witness.url.replace("/some/", "/other/"))
        self.assertEqual(nowhere.returncode, 1, nowhere)
        self.assertIn("REFUSED", nowhere.stdout)
        gone = self.look("http://127.0.0.1:9/")
        self.assertNotEqual(gone.returncode, 0)
        self.assertIn("cannot reach the witness 127.0.0.1:9", gone.stderr)
        for url in ("ftp://witness.example", "http://", "http://a:b/", "http://a/x?y"):
            self.assertEqual(self.look(url).returncode, 64, url)


if __name__ == "__main__":
    real_kernel.main()
