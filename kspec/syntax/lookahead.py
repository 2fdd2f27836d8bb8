"""Knows what can be seen from the place of a mistake: the tokens around it, the blocks that are open, and
what would fit.

Nothing here changes anything. `mistakes.py` and `recover.py` decide by it.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property

from kspec.syntax.expected import CLOSERS, OPENERS
from kspec.syntax.lexer import BLANK, BYTE_ORDER_MARK, RESOURCE_NAME, RawToken, raw_tokens
from kspec.syntax.machine import Machine
from kspec.syntax.table import END

AHEAD = 5
"""How many tokens must fit after a repair to believe in it."""
LISTS = frozenset(
    {
        "declarations",
        "statements",
        "block_items",
        "namespace_items",
        "template_items",
        "type_fields",
        "cases",
        "case_objects",
        "object_fields",
        "LBRACE",
    }
)
"""Symbols after which an element of a block may begin."""


class View:
    """One machine, stopped at a mistake."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.text = machine.file.text

    # ---- looking at the text

    @cached_property
    def raw(self) -> list[RawToken]:
        return raw_tokens(self.machine.name, self.text, 1 if self.text.startswith(BYTE_ORDER_MARK) else 0)

    @cached_property
    def raw_starts(self) -> list[int]:
        return [t.start for t in self.raw]

    def index(self, at: int) -> int:
        """The raw token at a place, or the first after it."""
        return min(bisect_left(self.raw_starts, at), len(self.raw) - 1)

    def skip_blanks(self, at: int) -> int:
        while at < len(self.text) and self.text[at] in BLANK:
            at += 1
        return at

    def indent(self, at: int) -> int:
        """The width of the blanks before the first token of the line."""
        begin = self.text.rfind("\n", 0, at) + 1
        width = begin
        while width < len(self.text) and self.text[width] in " \t":
            width += 1
        return len(self.text[begin:width].expandtabs(4))

    # ---- looking at the stacks

    @cached_property
    def symbols(self) -> list[str]:
        """The symbol by which each state is entered."""
        table = self.machine.table
        out = [""] * len(table.actions)
        for row in (*table.actions, *table.gotos):
            for symbol, target in row.items():
                if target >= 0:
                    out[target] = symbol
        return out

    def open_brackets(self) -> list[int]:
        """Where on the stack of states brackets are open, outermost first."""
        out: list[int] = []
        for i, state in enumerate(self.machine.states):
            if self.symbols[state] in OPENERS:
                out.append(i)
            elif self.symbols[state] in CLOSERS:  # shifted, but what it closes is not reduced yet
                out.pop()
        return out

    def contexts(self) -> list[int]:
        """Where on the stack of states an element of a block may begin or has begun, innermost first."""
        states = self.machine.states
        return [i for i in range(len(states) - 1, -1, -1) if i == 0 or self.symbols[states[i]] in LISTS]

    def inside(self, bracket: int) -> list[int]:
        """The contexts within a bracket but in no bracket within it, innermost first."""
        states = self.machine.states
        end = next(
            (i for i in range(bracket + 1, len(states)) if self.symbols[states[i]] in OPENERS), len(states)
        )
        return [c for c in self.contexts() if bracket <= c < end]

    def acceptable(self) -> list[str]:
        """The terminals that could come next."""
        machine = self.machine
        return [t for t in machine.table.actions[machine.states[-1]] if machine.accepts(machine.states, (t,))]

    def fits(self, states: list[int], i: int, most: int = AHEAD, into: list[int] | None = None) -> int:
        """How many raw tokens from `i` on the machine would accept, up to so many; `into` gets the states
        after them."""
        states = list(states)
        begun = i
        taken = 0
        resource_name = self.machine.lexicon.resource_name
        while (taken := i - begun) < most:
            token = self.raw[i]
            kinds = (token.kind, *token.others)
            named = states[-1] in self.machine.lexicon.names_resource
            m = resource_name.match(self.text, token.start) if named else None
            if m is not None and m.end() >= token.end:
                longer = list(states)
                needed = m.end() > token.end or not self.machine.accepts(states, kinds)
                if needed and self.machine.shift(longer, (RESOURCE_NAME,)):
                    states, i = longer, self.index(m.end())
                    continue
            if not self.machine.shift(states, kinds):
                break
            if token.kind == END:
                return most
            i += 1
        if into is not None:
            into[:] = states
        return taken

    def begins_declaration(self, k: int) -> bool:
        token = self.raw[k]
        if (
            not token.begins_line
            or token.start != self.text.rfind("\n", 0, token.start) + 1
            or k + 1 >= len(self.raw)
        ):
            return False
        after = self.raw[k + 1]
        named = after.kind in ("NAME", "STRING") or "NAME" in after.others
        if "NAME" in token.others:
            return (
                named
                and not after.begins_line
                and self.machine.accepts(self.machine.states[:1] + self.top(), (token.kind,))
            )
        return token.kind == "NAME" and token.text[:1].isupper() and named and not after.begins_line

    def top(self) -> list[int]:
        """The state after the whole declarations, if the input is a module."""
        states = self.machine.states
        return states[1:2] if len(states) > 1 and self.symbols[states[1]] == "declarations" else []

    def outside(self, bracket: int) -> int:
        """The height of the innermost block around a bracket."""
        return next((c + 1 for c in self.contexts() if c < bracket), 1)
