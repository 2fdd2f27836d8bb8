"""Knows the LALR(1) tables: Lark makes them from `grammar/*.lark`, the parser reads them from
`tables/*.json`.

Lark checks the grammar (`strict`: no conflicts, no two tokens that read the same text) and computes the
table. The table is
committed, so that reading a file imports no parser generator; a test compares it with the grammar, and
`python -m kspec.syntax.table` writes it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

STARTS = {"kspec": ("start", "expr"), "cel": ("expr",)}
"""The grammars, and what an input may be."""
END = "$END"


@dataclass(frozen=True, slots=True)
class Production:
    """A rule of the grammar: how many symbols it pops, the nonterminal it pushes, the builder's method
    (None: the one value)."""

    origin: str
    length: int
    builder: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """`actions[state][terminal]` is a state to shift to, or `~production` to reduce;
    `gotos[state][nonterminal]` a state."""

    starts: dict[str, tuple[int, int]]
    """Of each nonterminal that one may begin with: the first state, and the one in which `$END` ends the
    input."""
    actions: tuple[dict[str, int], ...]
    gotos: tuple[dict[str, int], ...]
    productions: tuple[Production, ...]
    terminals: tuple[tuple[str, str], ...]
    """Name and regular expression of each terminal, in the order in which they are tried."""
    keywords: dict[str, str]
    """Words that are terminals of their own where the parser can use them."""


@cache
def load_table(name: str) -> Table:
    data = json.loads((Path(__file__).parent / "tables" / f"{name}.json").read_text(encoding="utf-8"))
    symbols: list[str] = [sys.intern(s) for s in data["symbols"]]
    rows: list[dict[str, int]] = [
        dict(zip([symbols[k] for k in r[::2]], r[1::2], strict=True)) for r in data["rows"]
    ]
    return Table(
        starts={k: (first, last) for k, (first, last) in data["starts"].items()},
        actions=tuple(rows[i] for i in data["actions"]),
        gotos=tuple(rows[i] for i in data["gotos"]),
        productions=tuple(Production(*p) for p in data["productions"]),
        terminals=tuple((sys.intern(n), p) for n, p in data["terminals"]),
        keywords=data["keywords"],
    )


def build_table(grammar: Path) -> str:
    """The text of the table file of a grammar. Raises Lark's error when the grammar has a conflict."""
    from lark import Lark

    lark = Lark.open(
        str(grammar), start=list(STARTS[grammar.stem]), parser="lalr",
        strict=True, maybe_placeholders=False, keep_all_tokens=True,
    )  # fmt: skip
    table = lark.parser.parser._parse_table
    number = _numbering(table)
    production = {rule: i for i, rule in enumerate(lark.rules)}
    terminals = {t.name for t in lark.terminals} | {END}
    symbols: dict[str, int] = {}
    rows: dict[tuple[int, ...], int] = {}
    actions: list[int] = []
    gotos: list[int] = []
    for state in number:
        for into, wanted in ((actions, True), (gotos, False)):
            row: list[int] = []
            for symbol, (_, argument) in sorted((str(k), v) for k, v in table.states[state].items()):
                if (symbol in terminals) is wanted:
                    encoded = number[argument] if isinstance(argument, int) else ~production[argument]
                    row += [symbols.setdefault(symbol, len(symbols)), encoded]
            into.append(rows.setdefault(tuple(row), len(rows)))
    return _write(
        starts={
            s: (number[table.start_states[s]], number[table.end_states[s]]) for s in STARTS[grammar.stem]
        },
        symbols=list(symbols),
        productions=[_production(rule) for rule in lark.rules],
        keywords={
            t.pattern.value: t.name
            for t in lark.terminals
            if t.pattern.type == "str" and t.pattern.value.isalpha()
        },
        terminals=[[t.name, t.pattern.to_regexp()] for t in _by_priority(list(lark.terminals))],
        rows=[list(r) for r in rows],
        actions=actions,
        gotos=gotos,
    )


def _numbering(table: Any) -> dict[int, int]:
    """Lark's state -> ours, breadth first from the start: Lark's own numbers differ from run to run."""
    number = {state: i for i, state in enumerate(table.start_states.values())}
    for state in (queue := list(number)):
        for _, (_, argument) in sorted((str(k), v) for k, v in table.states[state].items()):
            if isinstance(argument, int) and argument not in number:
                number[argument] = len(number)
                queue.append(argument)
    return number


def _by_priority(terminals: list[Any]) -> list[Any]:
    kept = [t for t in terminals if t.pattern.type == "re" or not t.pattern.value.isalpha()]
    return sorted(kept, key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))


def _production(rule: Any) -> list[Any]:
    """Aliases of imported rules carry the name of the file they come from, which does not matter to the
    builder."""
    name = str(rule.alias or rule.origin.name)
    plain = rule.alias is None and rule.options.expand1 and len(rule.expansion) == 1
    return [str(rule.origin.name), len(rule.expansion), None if plain else name.rpartition("__")[2]]


def _write(**parts: Any) -> str:
    """JSON with one line for each row, so that a change of the grammar shows as a change of some lines."""
    lines = []
    for key, value in parts.items():
        if isinstance(value, list) and value and isinstance(value[0], list):
            lines.append(
                f'"{key}": [\n' + ",\n".join(json.dumps(v, separators=(",", ":")) for v in value) + "\n]"
            )
        else:
            lines.append(f'"{key}": {json.dumps(value, separators=(",", ":"))}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    here = Path(__file__).parent
    for name in STARTS:
        text = build_table(here.parents[1] / "grammar" / f"{name}.lark")
        (here / "tables" / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
