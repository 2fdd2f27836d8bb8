"""The compiled rules as a book: found by id, kind and name, loaded when asked for, extended by a user's
own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.rules import rules_of, shown

from kspec.backends.python.memory import extend
from kspec.data import root
from kspec.ir import nodes as ir
from kspec.runtime.rulebook import CompiledRule, Entry, Param, Rulebook, load_rulebook


def rule(id_: str, kind: str = "function") -> CompiledRule:
    return CompiledRule(id_, kind, id_.rpartition("/")[2], (Param("n", "int"),), lambda n: n)


BOOK = {"m/a": (rule("f/one"), rule("f/two", "filter")), "m/b": (rule("g/one"),)}


def book() -> tuple[Rulebook, list[str]]:
    loaded: list[str] = []

    def load(module: str) -> tuple[CompiledRule, ...]:
        loaded.append(module)
        return BOOK[module]

    entries = [Entry(r.id, r.kind, r.name, module, "fn") for module, rules in BOOK.items() for r in rules]
    return Rulebook(entries, load), loaded


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    found, loaded = book()
    assert len(found) == 3
    assert loaded == []
    assert found.get("f/one") is BOOK["m/a"][0]
    assert found.of_kind("filter") == (BOOK["m/a"][1],)
    assert loaded == ["m/a"]


def test_rules_are_found_by_kind_and_name() -> None:
    found, _ = book()
    assert [r.id for r in found.find("function", "one")] == ["f/one", "g/one"]
    assert found.function("g.one").id == "g/one"
    assert found.get("f/none") is None
    with pytest.raises(KeyError):
        found.function("none")


def test_rules_that_are_added_come_last_and_replace_their_namesakes() -> None:
    found, _ = book()
    other = rule("f/one")
    more = found.with_rules([other, rule("u/new")])
    assert [r.id for r in more.rules] == ["f/two", "g/one", "f/one", "u/new"]
    assert more.get("f/one") is other
    assert found.get("f/one") is BOOK["m/a"][0]


def test_the_standard_rules_are_all_there() -> None:
    found = load_rulebook()
    assert len({r.id for r in found.rules}) == len(found) > 100
    for each in found.rules:
        assert (root() / "rules" / f"{each.path}.kspec").is_file()
        assert each.fn.__code__.co_argcount == len(each.params)


def test_modules_may_refer_to_one_another(tmp_path: Path) -> None:
    """Two files whose functions call each other's, neither in a cycle."""
    files = {
        "__init__.py": 'INDEX = (("p/a", "function", "a", "p/x", "a"), '
        '("q/b", "function", "b", "q/y", "b"))\n',
        "p/x.py": "from ..q import y as q_y\ndef a(): return 1\ndef c(): return q_y.b()\n",
        "q/y.py": "from ..p import x as p_x\ndef b(): return p_x.a() + 1\n",
    }
    table = (
        "from kspec.runtime.rulebook import CompiledRule\n"
        "RULES = (CompiledRule('{0}', 'function', '{1}', (), {1}),)\n"
    )
    files["p/x.py"] += table.format("p/a", "a")
    files["q/y.py"] += table.format("q/b", "b")
    for name, text in files.items():
        file = tmp_path / "generated" / "python" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert load_rulebook(tmp_path).function("b")() == 2


def test_a_folder_without_rules_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="kspec generate"):
        load_rulebook(tmp_path)


def test_a_users_rules_apply_the_standard_ones() -> None:
    made = rules_of(
        'function mine(p: int): bool { return twice(p) > 2 && selects({matchLabels: {a: "b"}}, {a: "b"}) }\n'
        "function twice(n: int): int { return n + n }\n",
        "shop/own",
    )
    assert not made.diagnostics, shown(made.diagnostics)
    own = ir.Program(tuple(r for r in made.program.rules if r.path == "shop/own"))
    extended = extend(load_rulebook(), own)
    assert extended.function("mine")(2) is True
    assert extended.function("mine")(1) is False


def test_a_book_without_rules_of_the_user_stays_as_it_is() -> None:
    found = load_rulebook()
    assert extend(found, ir.Program(())) is found


def test_a_traceback_shows_the_line_of_a_users_rule() -> None:
    made = rules_of("function mine(p: core.Pod): string { return p.metadata.name }\n", "shop/own")
    own = ir.Program(tuple(r for r in made.program.rules if r.path == "shop/own"))
    import traceback

    try:
        extend(load_rulebook(), own).function("mine")(5)
    except AttributeError:
        assert 'return (p.get("metadata") or {}).get("name")' in traceback.format_exc()
    else:
        pytest.fail("an int is no pod")


def test_loading_the_book_imports_nothing_heavy() -> None:
    """Generated code needs the runtime alone: no parser, no elaborator, no solver."""
    script = (
        "import sys; from kspec.runtime.rulebook import load_rulebook; load_rulebook().rules; "
        "print(sorted({m.split('.')[1] for m in sys.modules if m.startswith('kspec.')}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root()
    )
    assert ran.stdout.strip() == "['data', 'runtime']"
