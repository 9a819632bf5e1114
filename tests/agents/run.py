"""What `make agents` runs: real programs from npm and PyPI, unmodified, walled in. Ends with 0 when all of them did their
work and none got out; with 77 when there is no Node or no registry."""
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "end_to_end"))
sys.path.insert(0, str(HERE))
os.environ.setdefault("AGENTOS_BIN", str(ROOT / "build/bin"))

import model  # noqa: E402
import real_kernel  # noqa: E402

FOLDER = pathlib.Path(os.environ.get("AGENTS_FOLDER", ROOT / "build/agents")).resolve()
LZ4 = "lz4@0.6.5"  # the package carries lz4's own source and Makefiles
INSTALL_SECONDS = 600
KEY = "sk-real-0a1b2c3d4e"
SSH_KEY = "-----BEGIN OPENSSH PRIVATE KEY----- of-this-test"
PROFILE = """apiVersion: agentos/v1
kind: Profile
metadata: {{name: online}}
extends: agent-default
files: {{read: ["{packages}"]}}
network: {{internal: [127.0.0.1]}}
environment: [OPENAI_BASE_URL, OPENAI_API_KEY, PYTHONPATH]
"""
POLICY = """apiVersion: agentos/v1
kind: Policy
metadata: {{name: one-model}}
spec:
  rules:
    - {{name: life, syscalls: [hello, status, tools, close, exit], action: allow}}
    - {{name: model, syscalls: [http_request], arguments: {{host: {{host: [127.0.0.1]}}, port: {{in: [{port}]}}, method: {{in: [POST]}}}}, action: allow}}
    - {{name: model-host, syscalls: [connect], arguments: {{host: {{host: [127.0.0.1]}}, port: {{in: [{port}]}}}}, action: allow}}
    - {{name: model-key, syscalls: [secret_use], arguments: {{secret: {{in: [model]}}}}, action: allow}}
"""


def installed(command, folder, log) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with open(log, "wb") as out:
        done = subprocess.run(command, cwd=folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL, timeout=INSTALL_SECONDS, check=False)
    if done.returncode != 0:
        print(f"cannot install: {' '.join(map(str, command))}\n" + log.read_text(encoding="utf-8", errors="replace")[-2000:], file=sys.stderr)
        sys.exit(1)


def install() -> None:
    """Once; the stamps are the files that name the versions."""
    node, python, lz4 = FOLDER / "node", FOLDER / "python", FOLDER / "lz4"
    if not same(HERE / "node/package.json", node / "package.json"):
        shutil.rmtree(node, ignore_errors=True)
        node.mkdir(parents=True)
        installed(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", "."] + packages_of(HERE / "node/package.json"),
                  node, FOLDER / "npm.log")  # fmt: skip
        shutil.copy(HERE / "node/package.json", node / "package.json")
    shutil.copy(HERE / "node/agent.mjs", node / "agent.mjs")
    if not same(HERE / "python/requirements.txt", python / "requirements.txt"):
        shutil.rmtree(python, ignore_errors=True)
        version = subprocess.check_output([real_kernel.PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], text=True).strip()
        installed(["pip3", "install", "-q", "--target", str(python), "--python-version", version, "--only-binary=:all:", "-r",
                   str(HERE / "python/requirements.txt")], python, FOLDER / "pip.log")  # fmt: skip
        shutil.copy(HERE / "python/requirements.txt", python / "requirements.txt")
    if not (lz4 / "package/deps/lz4/programs/Makefile").is_file():
        installed(["npm", "pack", LZ4], lz4, FOLDER / "pack.log")
        with tarfile.open(next(lz4.glob("*.tgz"))) as packed:
            packed.extractall(lz4, filter="data")


def packages_of(file):
    wanted = json.loads(file.read_text(encoding="utf-8"))["dependencies"]
    return [f"{name}@{version}" for name, version in wanted.items()]


def same(one, other) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Another service of this machine, which no agent may reach."""

    def do_GET(self) -> None:
        self.server.reached += 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words) -> None:
        pass


class UnmodifiedAgents(unittest.TestCase):
    def setUp(self) -> None:
        self.kernel = real_kernel.RealKernel()
        self.addCleanup(self.kernel.remove)
        home = self.kernel.folder / "home"
        (home / ".ssh").mkdir(parents=True)
        self.ssh_key = home / ".ssh/id_ed25519"
        self.ssh_key.write_text(SSH_KEY, encoding="utf-8")
        self.kernel.environment["HOME"] = str(home)
        self.tool = self.kernel.folder / "tool"
        shutil.copy("/bin/true", self.tool)
        (self.kernel.work / "notes.txt").write_text("walls hold\n", encoding="utf-8")
        self.elsewhere = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
        self.elsewhere.reached = 0
        threading.Thread(target=self.elsewhere.serve_forever, daemon=True).start()
        self.addCleanup(self.elsewhere.server_close)
        self.addCleanup(self.elsewhere.shutdown)
        self.model = model.Model(KEY, [
            ("read_file", {"path": "notes.txt"}),
            ("read_file", {"path": str(self.ssh_key)}),
            ("fetch_url", {"url": f"http://127.0.0.1:{self.elsewhere.server_port}/"}),
            ("run_program", {"path": str(self.tool)}),
        ])  # fmt: skip
        self.addCleanup(self.model.close)

    def start(self) -> None:
        kept = self.kernel.cli("secret", "add", "model", "--to", self.model.url, input=KEY.encode() + b"\n", stdin=None)
        self.assertEqual(kept.returncode, 0, kept)
        self.kernel.environment.update(OPENAI_BASE_URL="http://model.internal/v1", OPENAI_API_KEY="placeholder", PYTHONPATH=str(FOLDER / "python"))
        self.profile = self.kernel.folder / "online.yaml"
        self.profile.write_text(PROFILE.format(packages=FOLDER), encoding="utf-8")
        self.policy = self.kernel.folder / "one-model.yaml"
        self.policy.write_text(POLICY.format(port=self.model.server.server_port), encoding="utf-8")
        self.kernel.start()
        self.addCleanup(self.stop)

    def stop(self) -> None:
        self.assertEqual(self.kernel.stop(), 0, self.kernel.log())
        self.assertEqual(self.kernel.verify().returncode, 0)

    def check_agent(self, *command) -> None:
        self.start()
        ran = self.kernel.cli("run", "--policy", str(self.policy), "--profile", str(self.profile), "--", *command, timeout=300)
        self.assertEqual(ran.returncode, 0, ran)
        said = json.loads(ran.stdout.decode().strip().splitlines()[-1])
        self.assertEqual(said, {"text": "The notes are about walls.", "calls": 4})
        notes, key, fetched, started = self.model.answers
        self.assertEqual(notes, "walls hold")
        for answer in (key, fetched, started):
            self.assertIn("failed", answer)
        self.assertNotIn("OPENSSH", key)
        self.assertEqual(self.elsewhere.reached, 0)
        self.assertEqual(self.model.refused, 0)
        timeline = self.kernel.cli("log", "timeline").stdout.decode()
        self.assertRegex(timeline, r"(deny|refused).*127\.0\.0\.1:" + str(self.elsewhere.server_port))
        self.assertIn(f"blocked execute {self.tool}", timeline)
        self.assertIn("secret_use", timeline)
        self.assertNotIn(KEY, timeline + ran.stdout.decode() + ran.stderr.decode())

    def test_an_agent_framework_for_node(self) -> None:
        self.check_agent("/usr/bin/node", str(FOLDER / "node/agent.mjs"))

    def test_an_agent_framework_for_python(self) -> None:
        self.check_agent(real_kernel.PYTHON, "-B", str(HERE / "python/agent.py"))

    def test_a_compiler_build_in_a_workspace(self) -> None:
        self.kernel.start()
        self.addCleanup(self.stop)
        project = self.kernel.work / "lz4"
        shutil.copytree(FOLDER / "lz4/package/deps/lz4", project)
        script = f"make -s -C programs lz4 && ! cat {self.ssh_key} && ! {self.tool} && ! exec 3<>/dev/tcp/127.0.0.1/{self.elsewhere.server_port}"
        ran = self.kernel.cli("run", "--profile", "build", "--workspace", str(project), "--", "bash", "-c", script, cwd=project, timeout=300)
        self.assertEqual(ran.returncode, 0, ran)
        self.assertNotIn(SSH_KEY.encode(), ran.stdout)
        self.assertFalse((project / "programs/lz4").exists(), "nothing of it is in the original yet")
        timeline = self.kernel.cli("log", "timeline").stdout.decode()
        self.assertIn(f"blocked connect tcp 127.0.0.1:{self.elsewhere.server_port} by bash", timeline)
        self.assertIn(f"blocked execute {self.tool}", timeline)
        committed = self.kernel.cli("commit", "lz4")
        self.assertEqual(committed.returncode, 0, committed)
        packed = subprocess.run([project / "programs/lz4", "-c"], input=b"walls " * 1000, capture_output=True, check=True).stdout
        self.assertLess(len(packed), 1000)


if __name__ == "__main__":
    if shutil.which("node") is None or shutil.which("npm") is None or not (real_kernel.PROGRAMS / "agentos").is_file():
        print(f"skipped: there is no Node, or {real_kernel.PROGRAMS}/agentos is not built")
        sys.exit(77)
    install()
    unittest.main(verbosity=2)
