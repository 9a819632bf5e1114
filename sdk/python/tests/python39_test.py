"""The client keeps to Python 3.9, whatever Python runs this test.

The grammar is checked by the parser itself; what parses and still needs a later version (unions evaluated at run time,
names and arguments the standard library got later) by looking at the tree. The list names what is tempting here.
"""

from __future__ import annotations

import ast
import unittest
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "agentos"
VERSION = (3, 9)

LATER_MODULES = {"tomllib", "_typeshed"}
LATER_NAMES = {
    "asyncio": {"Runner", "TaskGroup", "timeout", "timeout_at", "Barrier"},
    "contextlib": {"aclosing", "chdir"},
    "dataclasses": {"KW_ONLY"},
    "datetime": {"UTC"},
    "enum": {"StrEnum", "verify"},
    "inspect": {"get_annotations"},
    "itertools": {"pairwise", "batched"},
    "types": {"EllipsisType", "NoneType", "NotImplementedType", "UnionType"},
    "typing": {
        "Concatenate", "LiteralString", "Never", "NotRequired", "ParamSpec", "Required", "Self", "TypeAlias",
        "TypeGuard", "TypeVarTuple", "Unpack", "assert_never", "assert_type", "override", "reveal_type",
    },
}
LATER_BUILTINS = {"aiter", "anext", "BaseExceptionGroup", "EncodingWarning", "ExceptionGroup"}
LATER_METHODS = {"add_note", "bit_count"}
LATER_ARGUMENTS = {"dataclass": {"kw_only", "match_args", "slots", "weakref_slot"}, "field": {"kw_only"}, "zip": {"strict"}}


def annotations_of(tree):
    """Every expression that stands as an annotation."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            yield from (argument.annotation for argument in every if argument is not None and argument.annotation)
            if node.returns:
                yield node.returns
        elif isinstance(node, ast.AnnAssign):
            yield node.annotation


def is_class_name(name: str) -> bool:
    return name[:1].isupper() and (len(name) == 1 or not name.isupper())


def looks_like_a_type(node) -> bool:
    if isinstance(node, ast.Subscript):
        return looks_like_a_type(node.value)
    if isinstance(node, ast.Constant):
        return node.value is None
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in {"int", "str", "bytes", "bool", "float", "list", "dict", "tuple", "set", "type"} or is_class_name(name)


def name_of(node) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def later_than_39(source: str):
    """What in `source` needs a later version: (line, what)."""
    try:
        tree = ast.parse(source, feature_version=VERSION)
    except SyntaxError as error:
        return [(error.lineno, f"grammar: {error.msg}")]
    found = []
    lazy = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    postponed = {id(inner) for outer in annotations_of(tree) for inner in ast.walk(outer)} if lazy else set()
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and id(node) not in postponed:
            if looks_like_a_type(node.left) and looks_like_a_type(node.right):
                found.append((line, "a union of types evaluated at run time"))
        elif isinstance(node, ast.ImportFrom):
            later = LATER_NAMES.get(node.module or "", set())
            found += [(line, f"{node.module}.{alias.name}") for alias in node.names if alias.name in later]
            found += [(line, str(node.module))] if node.module in LATER_MODULES else []
        elif isinstance(node, ast.Import):
            found += [(line, alias.name) for alias in node.names if alias.name in LATER_MODULES]
        elif isinstance(node, ast.Attribute):
            if node.attr in LATER_METHODS or node.attr in LATER_NAMES.get(name_of(node.value), set()):
                found.append((line, f"{name_of(node.value)}.{node.attr}"))
        elif isinstance(node, ast.Name) and node.id in LATER_BUILTINS:
            found.append((line, node.id))
        elif isinstance(node, ast.Call):
            later = LATER_ARGUMENTS.get(name_of(node.func), set())
            found += [(line, f"{name_of(node.func)}({word.arg}=)") for word in node.keywords if word.arg in later]
    return found


class Python39(unittest.TestCase):
    def test_the_package_keeps_to_3_9(self):
        files = sorted(PACKAGE.rglob("*.py"))
        self.assertGreater(len(files), 5)
        for path in files:
            self.assertEqual(later_than_39(path.read_text(encoding="utf-8")), [], path.name)

    def test_every_module_postpones_its_annotations(self):
        for path in sorted(PACKAGE.rglob("*.py")):
            self.assertIn("from __future__ import annotations", path.read_text(encoding="utf-8"), path.name)

    def test_the_check_finds_what_it_looks_for(self):
        for later in (
            "match x:\n    case 1:\n        pass",
            "try:\n    pass\nexcept* ValueError:\n    pass",
            "def f(x: int | None): pass",
            "X = int | None",
            "isinstance(x, A | B)",
            "from typing import Self",
            "import tomllib",
            "import asyncio\nasyncio.TaskGroup()",
            "@dataclass(slots=True)\nclass A: pass",
            "zip(a, b, strict=True)",
            "anext(x)",
        ):
            self.assertNotEqual(later_than_39(later), [], later)
        for fine in ("from __future__ import annotations\ndef f(x: int | None): pass", "flags = RE.A_BIT | B_BIT", "a = 1 | 2"):
            self.assertEqual(later_than_39(fine), [], fine)


if __name__ == "__main__":
    unittest.main()
