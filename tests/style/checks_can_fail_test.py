"""The style tests can fail: each is run on a small tree that is right, and on that tree with one thing wrong."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
COMMENT = "// Two lines that say in a full sentence\n// what this guarantees and why.\n"
SOUND = {
    "src/LAYERS": "base:\nabi: base\nlib/policy: base\nkernel: base lib/policy\nkernel/syscalls: base kernel\nserver/unix_door: base\n"
                  "handlers_seen_by: kernel/dispatch.cc kernel/syscalls/\neverywhere: fmt gtest\n",
    "src/base/bytes.h": COMMENT + "#pragma once\n#include <cstdint>\nstruct Octets {\n  std::uint8_t first = 0;\n};\n",
    "src/lib/policy/rule.h": COMMENT + '#pragma once\n#include "base/bytes.h"\nstruct Rule {\n  Octets text;\n};\n',
    "src/kernel/syscalls/read.h": COMMENT + "#pragma once\nint read_call();\n",
    "src/kernel/dispatch.cc": COMMENT + '#include "kernel/syscalls/read.h"\n',
    "src/server/unix_door/door.cc": COMMENT + '#include "base/bytes.h"\n',
    "src/abi/syscalls.def": 'CALL(  7, read, Read, agent, files_read, none, no, full, ERRORS(not_found),\n       "Read.")\n',
    "tests/syscalls/read_test.cc": "// Reading.\nint main() {}\n",
    "docs/promises.md": "| promise | command | last figure | machine | run |\n|---|---|---|---|---|\n"
                        "| it is true | `true` | 0 | any | cheap |\n",
    "README.md": "# Top\n[ledger](docs/promises.md) [top](#top)\n",
    "committed.txt": "generated\n",
    ".clang-format": "BasedOnStyle: Google\nColumnLimit: 120\n",
    **{f"src/{folder}/README.md": "# What\n" for folder in
       ("base", "abi", "lib/policy", "kernel", "kernel/syscalls", "server/unix_door")},
}
LONG_FUNCTION = COMMENT + "namespace a {\nint long_one(int x) {\n" + "  x += 1;\n" * 75 + "  return x;\n}\n}  // namespace a\n"

# (program, file, content or None to remove it, words the finding must say)
WRONG = [
    ("layers", "src/base/up.h", '#include "lib/policy/rule.h"\n', "base may not include lib/policy"),
    ("layers", "src/drawer/a.h", "int a;\n", "not in src/LAYERS"),
    ("layers", "src/LAYERS", SOUND["src/LAYERS"].replace("base:", "base: kernel", 1), "does not stand before"),
    ("layers", "src/server/unix_door/b.cc", '#include "kernel/dispatch.h"\n', "is not a file"),
    ("layers", "src/server/unix_door/c.cc", '#include "kernel/syscalls/read.h"\n', "sees a syscall handler"),
    ("layers", "src/LAYERS", SOUND["src/LAYERS"].replace("unix_door: base", "unix_door: base kernel"), "client/ or KernelApi"),
    ("layers", "src/kernel/gate.cc", '#include "kernel/syscalls/read.h"\n', "sees a syscall handler"),
    ("layers", "src/kernel/two.cc", "#include <openssl/evp.h>\n", "<openssl> is also included by base"),
    ("layers", "src/base/local.cc", '#include "bytes.h"\n', "is not a file under src/"),
    ("format", "src/base/ugly.cc", "int   main( ){}\n", "not formatted"),
    ("headers", "src/base/lean.h", "#pragma once\ninline std::string a;\n", "does not compile alone"),
    ("headers", "src/base/lean.h", "#pragma once\n#include <nowhere.h>\n", "file not found"),
    ("names", "src/base/string_util.h", COMMENT, "drawer"),
    ("names", "src/base/a.h", "class TaskManager;\n", "TaskManager says nothing"),
    ("names", "src/base/a.h", "void load_helper();\n", "load_helper says nothing"),
    ("names", "src/base/a.h", "struct call_row {\n  int number;\n};\n", "not spelled in CamelCase"),
    ("names", "src/base/a.h", "using namespace std;\n", "using namespace in a header"),
    ("names", "src/base/a.h", "// TO" "DO: later\n", "unfinished mark"),
    ("names", "docs/a.md", "see /root/" ".cache\n", "path of one machine"),
    ("names", "docs/a.md", "from pypi" ".org\n", "registry host"),
    ("names", "src/base/a.cc", "int a() { return ::fork(); }\n", "raw fork"),
    ("names", "src/base/a.cc", "void* a() { return mmap(nullptr, 1, 0, MAP_PRIVATE, -1, 0); }\n", "raw mmap"),
    ("size", "src/base/long.cc", "int a;\n" * 451, "451 lines, at most 450"),
    ("size", "src/base/long.cc", LONG_FUNCTION, "function long_one has 78 lines"),
    ("size", "src/base/long.cc", f"TEST(Gate, holds) {LONG_FUNCTION[LONG_FUNCTION.index('{', 80):]}", "function Gate.holds"),
    ("size", "src/base/long.cc", LONG_FUNCTION.replace("int long_one(int x) {", "Door::Door(int x) : a_{x}, b_{x} {"), "function Door::Door"),
    ("size", "tests/style/size_ratchet.txt", "src/base/gone.cc 500\n", "is gone"),
    ("first_comment", "src/base/a.h", "// One line.\n#pragma once\n", "1 lines of prose"),
    ("first_comment", "src/base/a.cc", "int a;\n", "0 lines of prose"),
    ("first_comment", "src/base/README.md", "line\n" * 41, "at most 40"),
    ("first_comment", "src/lib/policy/README.md", None, "missing"),
    ("generated_fresh", "committed.txt", "older\n", "not what abigen writes"),
    ("generated_fresh", "committed.txt", None, "not committed"),
    ("syscall_tests_exist", "tests/syscalls/read_test.cc", None, "read has no black-box test"),
    ("syscall_tests_exist", "tests/syscalls/reed_test.cc", "// No such call.\n", "no row of the table"),
    ("links", "docs/a.md", "[nowhere](missing.md)\n", "leads nowhere"),
    ("links", "docs/a.md", "[part](../README.md#bottom)\n", "no such heading"),
    ("promises", "docs/promises.md", SOUND["docs/promises.md"].replace("`true`", "`false`"), "ended with 1"),
    ("promises", "docs/promises.md", SOUND["docs/promises.md"].replace("| any ", ""), "does not parse"),
]


def build_tree(root):
    for name, content in {**SOUND, "src/base/crypto.cc": COMMENT + "#include <openssl/evp.h>\n"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    abigen = root / "build" / "abigen"
    abigen.parent.mkdir()
    abigen.write_text("#!/bin/sh\necho generated >\"$1/committed.txt\"\n", encoding="utf-8")
    abigen.chmod(0o755)


def run(program, root):
    more = {"headers": ["--cache", root / "build" / "alone"], "generated_fresh": ["--abigen", root / "build" / "abigen"]}
    return subprocess.run([sys.executable, "-B", HERE / f"{program}_test.py", "--root", root, *more.get(program, [])],
                          capture_output=True, text=True, check=False)


class ChecksCanFail(unittest.TestCase):
    def test_sound_tree_passes(self):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            build_tree(root)
            for program in sorted({row[0] for row in WRONG}):
                with self.subTest(program=program):
                    result = run(program, root)
                    self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_each_wrong_thing_is_found(self):
        for program, name, content, words in WRONG:
            with self.subTest(program=program, words=words), tempfile.TemporaryDirectory() as directory:
                root = pathlib.Path(directory)
                build_tree(root)
                if content is None:
                    (root / name).unlink()
                else:
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / name).write_text(content, encoding="utf-8")
                result = run(program, root)
                self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
                self.assertIn(words, result.stdout)

    def test_every_check_is_tried(self):
        programs = {path.name.removesuffix("_test.py") for path in HERE.glob("*_test.py")} - {"checks_can_fail"}
        self.assertEqual(programs, {row[0] for row in WRONG})


if __name__ == "__main__":
    unittest.main()
