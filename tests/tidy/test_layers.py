"""A room imports only the rooms that CONTRACT lists for it. Imports inside functions count as well."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from support.source_tree import ROOT, Module, modules, parse_module

# For each room, the rooms it may import besides itself. `docs/architecture.md` draws this table.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "": frozenset(),
    "data": frozenset(),
    "source": frozenset(),
    "runtime": frozenset({"data"}),
    "syntax": frozenset({"source", "data"}),
    "ir": frozenset({"source", "runtime"}),
    "elaborate": frozenset({"syntax", "ir", "source", "runtime", "data"}),
    "backends": frozenset({"ir", "source", "runtime", "data", "elaborate", "syntax", "resources"}),
    "resources": frozenset({"elaborate", "syntax", "ir", "source", "runtime", "data"}),
    "model": frozenset({"resources", "runtime", "ir", "source", "data"}),
    "solve": frozenset({"ir", "runtime", "backends", "model", "source", "resources", "data"}),
    "verify": frozenset(
        {"solve", "model", "backends", "resources", "elaborate", "ir", "runtime", "source", "data"}
    ),
    "plan": frozenset({"model", "resources", "elaborate", "ir", "runtime", "source", "data"}),
}
BELOW = frozenset(MAY_IMPORT) - {""}
MAY_IMPORT |= {
    "report": BELOW,
    "testing": BELOW | {"report"},
    "conform": BELOW | {"report"},
    "cli": BELOW | {"report", "testing", "conform"},
    "__main__": frozenset({"cli"}),
}
SIBLINGS = ("python", "symbolic", "docs")  # back ends never import one another


def imported(module: Module) -> set[str]:
    """Dotted names of what a module imports from kspec."""
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.shown}:{node.lineno}: relative import"
            found |= {f"{node.module}.{a.name}" for a in node.names}
    return {n for n in found if n.split(".")[0] == "kspec"}


def why_not_layered(module: Module) -> list[str]:
    """What this module imports against the layers."""
    assert module.room in MAY_IMPORT, f"{module.shown}: the room {module.room!r} is not in the table"
    allowed = MAY_IMPORT[module.room] | {module.room}
    wrong = []
    for name in sorted(imported(module)):
        room = name.split(".")[1]
        if room == "__version__":
            continue
        if room not in allowed:
            wrong.append(f"{module.shown} imports {name}: {module.room} may not import {room}")
        elif room == module.room == "backends":
            here, there = module.name.split(".")[2:3], name.split(".")[2:3]
            if here != there and here and there and here[0] in SIBLINGS and there[0] in SIBLINGS:
                wrong.append(f"{module.shown} imports {name}: back ends are siblings")
    return wrong


def test_every_room_imports_only_rooms_above_it() -> None:
    wrong = [w for m in modules() for w in why_not_layered(m)]
    assert not wrong, "\n".join(wrong)


def test_the_table_has_no_cycle() -> None:
    order: list[str] = []
    rooms = dict(MAY_IMPORT)
    while rooms:
        free = sorted(r for r, needs in rooms.items() if not (needs - {r}) - set(order))
        assert free, f"these rooms import one another: {sorted(rooms)}"
        order += free
        rooms = {r: n for r, n in rooms.items() if r not in free}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("kspec/source/wrong.py", "from kspec.ir.nodes import Expr\n"),
        ("kspec/runtime/wrong.py", "def f() -> None:\n    from kspec.source import Span\n"),
        ("kspec/backends/python/wrong.py", "from kspec.backends.symbolic import emit\n"),
        ("kspec/verify/wrong.py", "import kspec.cli.main\n"),
    ],
)
def test_an_import_against_the_layers_is_caught(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    module = parse_module(path, tmp_path)
    # `shown` is relative to the project; the planted module stands elsewhere, so give it a name there.
    planted = Module(module.name, ROOT / name, module.text, module.tree)
    assert len(why_not_layered(planted)) == 1
