"""The completion scripts do complete, in the shells they are for. A shell that is not installed is skipped, and said so."""
import os
import pty
import select
import shutil
import subprocess
import tempfile
import time
import unittest

import real_kernel
from real_kernel import PROGRAMS

AGENTOS = str(PROGRAMS / "agentos")
# What is typed -> words that must be offered, words that must not.
CASES = [
    ("agentos lo", {"log", "logs"}, {"run"}),
    ("agentos log ", {"show", "tail", "verify"}, {"run", "serve"}),
    ("agentos policy sh", {"show"}, {"check"}),
    ("agentos policy ", {"bench", "diff", "eval", "explain", "fmt", "lint", "schema", "test"}, {"serve"}),
    ("agentos policy test --co", {"--coverage"}, {"--strict"}),
    ("agentos run --pro", {"--profile", "--processes"}, {"--policy"}),
    ("agentos workspace ", {"ls", "recover"}, {"serve"}),
    ("agentos commit --allow", {"--allow-protected"}, {"--original"}),
    ("agentos log show --la", {"--last"}, {"--profile"}),
    ("agentos log show --last 3 --ag", {"--agent"}, {"tail"}),
]


def script(shell: str) -> str:
    return subprocess.run([AGENTOS, "completion", shell], capture_output=True, text=True, check=True).stdout


def read_until(terminal, mark, seconds=30.0) -> str:
    seen, until = "", time.monotonic() + seconds
    while mark not in seen and time.monotonic() < until:
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 1 << 16).decode(errors="replace")
    return seen


class Completion(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def written(self, shell: str) -> str:
        path = f"{self.folder}/script.{shell}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(script(shell))
        return path

    def check(self, complete) -> None:
        for typed, wanted, unwanted in CASES:
            offered = complete(typed)
            self.assertLessEqual(wanted, offered, f"{typed!r} -> {offered}")
            self.assertFalse(unwanted & offered, f"{typed!r} -> {offered}")

    def test_bash(self):
        path = self.written("bash")

        def complete(typed):
            words = typed.split(" ")
            quoted = " ".join(f"'{word}'" for word in words)
            code = f"source {path}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _agentos; printf '%s\\n' \"${{COMPREPLY[@]}}\""
            return set(subprocess.run(["bash", "--norc", "-c", code], capture_output=True, text=True, check=True).stdout.split())

        self.check(complete)
        self.assertEqual(complete("agentos run -- l"), set(), "after -- come files and programs")

    def test_fish(self):
        if shutil.which("fish") is None:
            self.skipTest("fish is not installed")
        path = self.written("fish")

        def complete(typed):
            code = f"source {path}; complete -C '{typed}'"
            environment = {"HOME": self.folder, "PATH": "/usr/bin:/bin", "XDG_CONFIG_HOME": self.folder}
            out = subprocess.run(["fish", "--no-config", "-c", code], capture_output=True, text=True, check=True, env=environment)
            self.assertEqual(out.stderr, "")
            return {line.split("\t")[0] for line in out.stdout.splitlines()}

        self.check(complete)

    def test_zsh(self):
        if shutil.which("zsh") is None:
            self.skipTest("zsh is not installed")
        sourced = self.written("zsh")
        os.mkdir(f"{self.folder}/functions")
        shutil.copy(sourced, f"{self.folder}/functions/_agentos")
        for how, lines in (
            ("sourced", ["autoload -Uz compinit", "compinit -u", f"source {sourced}"]),
            ("sourced before compinit", [f"source {sourced}", "autoload -Uz compinit", "compinit -u"]),
            ("in fpath", [f"fpath=({self.folder}/functions $fpath)", "autoload -Uz compinit", "compinit -u"]),
        ):
            with self.subTest(how):
                self.check_zsh(lines)

    def check_zsh(self, lines):
        """The words one interactive zsh shows for Tab."""
        with open(f"{self.folder}/.zshrc", "w", encoding="utf-8") as file:
            file.write("\n".join(["PS1='READY> '", "unsetopt beep", "setopt no_auto_menu list_ambiguous", "LISTMAX=0", *lines]) + "\n")
        pid, terminal = pty.fork()
        if pid == 0:
            environment = {"HOME": self.folder, "ZDOTDIR": self.folder, "PATH": "/usr/bin:/bin", "TERM": "dumb", "COLUMNS": "200"}
            os.execve(shutil.which("zsh"), ["zsh", "-i"], environment)
        try:
            start = read_until(terminal, "READY>")
            self.assertIn("READY>", start)
            self.assertNotIn("not found", start)
            self.check(lambda typed: self.zsh_offers(terminal, typed))
        finally:
            os.close(terminal)
            os.kill(pid, 9)
            os.waitpid(pid, 0)

    def zsh_offers(self, terminal, typed):
        """zsh drops a list when more is typed meanwhile, so a machine that is busy gets longer and longer pauses."""
        wanted = next(words for text, words, _ in CASES if text == typed)
        for pause in (0.2, 1, 4):
            for keys in (typed + "\t", "\t"):
                os.write(terminal, keys.encode())
                time.sleep(pause)
            os.write(terminal, b"\x15print -r -- DO''NE\n")
            shown = read_until(terminal, "\nDONE")
            self.assertNotIn("not found", shown)
            offered = set(shown.replace("\r", " ").replace("\n", " ").split())
            if wanted <= offered:
                break
        return offered


if __name__ == "__main__":
    real_kernel.main()
