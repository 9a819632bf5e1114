"""What a stranger can check of a kernel's record: proofs, witnesses, redaction, and a signer that dies.

The log is written by a real kernel and real agents; it is checked by agentos-verify and by the verifier in Python.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import real_kernel
from real_kernel import HERE, PROGRAMS, KernelTest, wait_until

PYTHON_VERIFIER = HERE.parents[1] / "sdk/verify/agentos_verify.py"


class LogProofs(KernelTest):
    def setUp(self):
        super().setUp()
        self.log = self.kernel.folder / "state/agentos/log"
        self.assertEqual(self.kernel.run("/bin/true").returncode, 0)

    def cli(self, *words):
        return self.kernel.cli("log", *words, text=True)

    def both(self, *words):
        """Exit statuses of the two verifiers, and what they print."""
        programs = ([PROGRAMS / "agentos-verify"], [sys.executable, "-B", PYTHON_VERIFIER])
        return [subprocess.run([*program, *words], capture_output=True, text=True, check=False, timeout=60) for program in programs]

    def expect(self, status, *words):
        for answer in self.both(*map(str, words)):
            self.assertEqual(answer.returncode, status, answer)

    def metrics(self):
        return json.loads(self.kernel.cli("metrics", "--format", "json").stdout)["log"]

    def wait_until_signed(self):
        entries = self.metrics()["entries"]
        signed = lambda: int((self.log / "checkpoint").read_text(encoding="utf-8").split("\n")[1])
        wait_until(lambda: signed() >= entries, what="a checkpoint over everything")

    def signer(self):
        children = pathlib.Path(f"/proc/{self.kernel.process.pid}/task/{self.kernel.process.pid}/children").read_text().split()
        names = {child: pathlib.Path(f"/proc/{child}/comm").read_text().strip() for child in children}
        found = [int(child) for child, name in names.items() if name == "agentos-signer"]
        return found[0] if found else self.signer_of_any_thread()

    def signer_of_any_thread(self):
        for children in pathlib.Path(f"/proc/{self.kernel.process.pid}/task").glob("*/children"):
            for child in children.read_text().split():
                if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == "agentos-signer":
                    return int(child)
        return None

    def test_an_entry_and_the_growth_of_the_log_are_proven_to_a_stranger(self):
        self.wait_until_signed()
        kept = self.kernel.folder / "kept"
        kept.mkdir()
        for name in ("log.pub", "seal.pub", "checkpoint"):
            shutil.copy(self.log / name, kept / name)
        old_size = int((kept / "checkpoint").read_text().split("\n")[1])
        proof = self.kernel.folder / "entry.tlog-proof"
        self.assertEqual(self.cli("prove", "1", "--out", str(proof)).returncode, 0)
        self.expect(0, "proof", proof, "--log-key", kept / "log.pub")
        proof.write_text(proof.read_text().replace("index 1\n", "index 2\n"))
        self.expect(1, "proof", proof, "--log-key", kept / "log.pub")
        self.assertEqual(self.kernel.run("/bin/true").returncode, 0)
        self.wait_until_signed()
        self.assertEqual(self.cli("tiles", "--entries").returncode, 0)
        growth = self.kernel.folder / "growth"
        self.assertEqual(self.cli("prove", "--consistency", str(old_size), "--out", str(growth)).returncode, 0)
        self.expect(0, "consistency", growth, "--log-key", kept / "log.pub", "--checkpoint", kept / "checkpoint")
        self.assertEqual(self.kernel.stop(), 0)
        anchors = ["--log-key", kept / "log.pub", "--seal-key", kept / "seal.pub", "--checkpoint", kept / "checkpoint"]
        self.expect(0, "log", self.log, *anchors)
        self.assertEqual(self.cli("prove", "99999999", "--dir", str(self.log)).returncode, 64)

    def test_a_witness_cosigns_and_refuses_a_log_that_was_rolled_back(self):
        self.wait_until_signed()
        state = self.kernel.folder / "witness"
        look = lambda log: self.cli("witness", "--state", str(state), "--once", "--dir", str(log))
        self.assertEqual(look(self.log).returncode, 0)
        self.expect(0, "log", self.log, "--witness-key", state / "witness.pub", "--witnesses", "1")
        self.assertEqual(self.kernel.stop(), 0)
        older = self.kernel.folder / "older"
        shutil.copytree(self.log, older)
        self.kernel.start()
        self.assertEqual(self.kernel.run("/bin/true").returncode, 0)
        self.assertEqual(self.kernel.stop(), 0)
        self.assertEqual(look(self.log).returncode, 0)
        self.expect(0, "log", self.log, "--witness-key", state / "witness.pub", "--witnesses", "1")
        refused = look(older)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("REFUSED", refused.stdout)
        self.kernel.start()

    def test_content_is_erased_in_place_or_withheld_in_a_copy(self):
        self.assertEqual(self.kernel.stop(), 0)
        secret = b'"mode":"effects"'  # in the detail of the first event
        self.assertIn(secret, b"".join(file.read_bytes() for file in self.log.glob("segment-*")))
        copy = self.kernel.folder / "copy"
        self.assertEqual(self.cli("redact", "--every", "--copy", str(copy), "--dir", str(self.log)).returncode, 0)
        self.expect(0, "log", copy)
        self.assertNotIn(secret, b"".join(file.read_bytes() for file in copy.glob("segment-*")))
        self.assertEqual(self.cli("redact", "0", "--reason", "a test", "--dir", str(self.log)).returncode, 0)
        self.assertNotIn(secret, b"".join(file.read_bytes() for file in self.log.glob("segment-*")))
        self.expect(0, "log", self.log)
        shown = self.cli("show", "--last", "5", "--format", "json", "--dir", str(self.log)).stdout
        self.assertIn("erased", shown)
        self.kernel.start()

    def test_content_is_erased_while_the_kernel_writes(self):
        secret = b'"permissive":'  # in the detail of the first event alone
        held = lambda: secret in b"".join(file.read_bytes() for file in self.log.glob("segment-*"))
        wait_until(held, what="the first event on disk")
        newest = self.metrics()["entries"] - 1
        erased = self.cli("redact", "0", str(newest), "--reason", "a test", "--format", "json")
        self.assertEqual(erased.returncode, 0, erased)
        self.assertGreaterEqual(json.loads(erased.stdout)["openings"], 1)
        self.assertFalse(held())
        self.assertEqual(self.kernel.run("/bin/true").returncode, 0)
        shown = self.cli("query", "--event", "erased", "--format", "json").stdout
        self.assertIn("a test", shown)
        unknown = self.cli("redact", "99999999")
        self.assertEqual(unknown.returncode, 64, unknown)
        self.wait_until_signed()
        self.expect(0, "log", self.log)
        self.assertEqual(self.kernel.stop(), 0)
        self.expect(0, "log", self.log)
        self.kernel.start()

    def test_without_its_signer_the_kernel_goes_on_and_says_so(self):
        first = self.signer()
        self.assertIsNotNone(first)
        for line in pathlib.Path(f"/proc/{self.kernel.process.pid}/fd").iterdir():
            self.assertFalse(os.readlink(line).endswith("log.key"))
        os.kill(first, signal.SIGKILL)
        self.assertEqual(self.kernel.run("/bin/true").returncode, 0)
        wait_until(lambda: self.metrics()["signer_starts"] > 1, what="another signer")
        self.wait_until_signed()
        self.assertNotEqual(self.signer(), first)
        self.assertIn("record", self.kernel.cli("doctor", text=True).stdout)


if __name__ == "__main__":
    real_kernel.main()
