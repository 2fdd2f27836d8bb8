"""Knows how to run an LALR(1) table over a text: the inner loop of the parser.

The machine is ours rather than Lark's for three reasons: it never raises and never recurses, whatever the input; a word
is a keyword only where the state has an action for it, so that rules take no names away from users; and it is fast.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from kspec.source import SourceFile, Span
from kspec.syntax import ast
from kspec.syntax.lexer import BLANK, BYTE_ORDER_MARK, NEVER_NAMES, RESOURCE_NAME, Token, lexicon
from kspec.syntax.table import END, Table, load_table
from kspec.syntax.tree import Expressions

DEPTH_MAX = 120
"""How deeply expressions and objects may be nested: other rooms walk trees by recursion."""
STACK_MAX = 3000
"""How many symbols may be open at once: what no tree shows, such as parentheses."""

AS_NAME = ("NAME",)
FLAT = frozenset({"first", "append", "extend", "second", "one", "one_value", "none", "nothing", "chain_start", "module"})
"""Builders of lists and the like, which do not make a tree deeper."""


class TooDeep(Exception):
    """The input is nested more deeply than any tree may be. Never leaves this room."""


class Recovery(Protocol):
    """What to do about a mistake: mend the stacks of the machine, say where to go on (None: nowhere)."""

    def lexical(self, at: int) -> int | None: ...

    def syntax(self, token: Token) -> int | None: ...


class Machine:
    """The stacks, side by side: states, the value of each symbol, where each begins, how deep its tree is."""

    def __init__(self, name: str, start: str, file: SourceFile, builder: Expressions) -> None:
        self.name = name
        self.file = file
        self.table: Table = load_table(name)
        self.lexicon = lexicon(name)
        first, self.accept = self.table.starts[start]
        self.states = [first]
        self.values: list[Any] = []
        self.starts: list[int] = []
        self.depths: list[int] = []
        self.end = 0
        """Where the last token that was shifted ends."""
        self.comments: list[ast.Comment] = []
        self.docs = builder.docs
        self.reducers: list[tuple[int, str, Callable[[list[Any], int, int], Any] | None, int]] = [
            (p.length, p.origin, getattr(builder, p.builder) if p.builder else None, int(p.builder not in FLAT))
            for p in self.table.productions
        ]

    def run(self, recovery: Recovery) -> Any:
        """The value of the whole input, or None when the recovery gave up."""
        text = self.file.text
        scan, kinds, keywords = self.lexicon.scan.match, self.lexicon.kinds, self.lexicon.keywords
        names_resource = self.lexicon.names_resource
        actions, gotos, reducers = self.table.actions, self.table.gotos, self.reducers
        states, values, starts, depths = self.states, self.values, self.starts, self.depths
        at: int | None = 1 if text.startswith(BYTE_ORDER_MARK) else 0
        doc: list[Token] = []
        others: tuple[str, ...]
        while at is not None:
            m = scan(text, at)
            if m is None:
                if text[at:].strip(BLANK):
                    at = recovery.lexical(at)
                    continue
                kind, others, token = END, (), Token("", len(text), len(text))
            else:
                kind = kinds[m.lastindex]  # type: ignore[index]
                start, at = m.span(m.lastindex)  # type: ignore[arg-type]
                word = text[start:at]
                if kind == "COMMENT":
                    self.comment(Token(word, start, at), doc)
                    continue
                others = ()
                if kind == "NAME" and word in keywords:
                    kind = keywords[word]
                    if word not in NEVER_NAMES:
                        others = AS_NAME
                if states[-1] in names_resource:
                    kind, others, at = self.resource_name(kind, others, start, at)
                    word = text[start:at]
                token = Token(word, start, at)
                if doc:
                    self.docs[start] = tuple(doc)
                    doc = []
            while True:
                state = states[-1]
                row = actions[state]
                action = row.get(kind)
                if action is None:
                    for other in others:
                        action = row.get(other)
                        if action is not None:
                            break
                    else:
                        if kind == END and state == self.accept:
                            return values[-1]
                        at = recovery.syntax(token)
                        break
                if action >= 0:
                    states.append(action)
                    values.append(token)
                    starts.append(token[1])
                    depths.append(0)
                    self.end = token[2]
                    if len(states) > STACK_MAX:
                        raise TooDeep
                    break
                length, origin, reducer, deeper = reducers[~action]
                if length == 1:
                    states.pop()
                    if reducer is not None:
                        values[-1] = reducer(values[-1:], starts[-1], self.end)
                else:
                    self.reduce(length, reducer, deeper, token[1])
                states.append(gotos[states[-1]][origin])
        return None

    def reduce(self, length: int, reducer: Callable[[list[Any], int, int], Any] | None, deeper: int, at: int) -> None:
        """Replaces the topmost `length` symbols (not one) by what the builder makes of them."""
        assert reducer is not None
        if not length:
            self.values.append(reducer([], at, at))
            self.starts.append(at)
            self.depths.append(0)
            return
        del self.states[-length:]
        starts, values, depths = self.starts, self.values, self.depths
        depth = max(depths[-length:]) + deeper
        if depth > DEPTH_MAX:
            raise TooDeep
        value = reducer(values[-length:], starts[-length], self.end)
        del values[-length:]
        values.append(value)
        del starts[1 - length :]
        del depths[-length:]
        depths.append(depth)

    def comment(self, token: Token, doc: list[Token]) -> None:
        text, start, end = token
        if text.startswith("///"):
            doc.append(token)
            return
        own_line = not self.file.text[self.file.text.rfind("\n", 0, start) + 1 : start].strip(BLANK)
        self.comments.append(ast.Comment(text[2:].removeprefix(" ").rstrip(), own_line, Span(self.file, start, end)))

    def resource_name(self, kind: str, others: tuple[str, ...], start: int, end: int) -> tuple[str, tuple[str, ...], int]:
        """The token at hand where the state has an action for resource names: it may be one, and then it may be longer."""
        m = self.lexicon.resource_name.match(self.file.text, start)
        if m is None or m.end() < end:
            return kind, others, end
        if m.end() == end:
            return kind, (*others, RESOURCE_NAME), end
        if self.accepts(self.states, (RESOURCE_NAME,)):
            return RESOURCE_NAME, (), m.end()
        return kind, others, end

    # ---- the same without values, for the recovery; and with values, one token at a time

    def accepts(self, states: list[int], kinds: tuple[str, ...]) -> bool:
        """Would a token of the first of these kinds that has an action be shifted?"""
        return self.shift(list(states), kinds)

    def shift(self, states: list[int], kinds: tuple[str, ...]) -> bool:
        """Shifts a token onto these states, after the reductions that it brings about."""
        while True:
            row = self.table.actions[states[-1]]
            action = next((row[k] for k in kinds if k in row), None)
            if action is None:
                return END in kinds and states[-1] == self.accept
            if action >= 0:
                states.append(action)
                return True
            production = self.table.productions[~action]
            if production.length:
                del states[-production.length :]
            states.append(self.table.gotos[states[-1]][production.origin])

    def feed(self, kinds: tuple[str, ...], token: Token) -> None:
        """Shifts a token that `accepts` has found acceptable, with its value."""
        while True:
            row = self.table.actions[self.states[-1]]
            action = next(row[k] for k in kinds if k in row)
            if action >= 0:
                self.states.append(action)
                self.values.append(token)
                self.starts.append(token.start)
                self.depths.append(0)
                self.end = max(self.end, token.end)
                return
            length, origin, reducer, deeper = self.reducers[~action]
            if length == 1:
                self.states.pop()
                if reducer is not None:
                    self.values[-1] = reducer(self.values[-1:], self.starts[-1], self.end)
            else:
                self.reduce(length, reducer, deeper, token.start)
            self.states.append(self.table.gotos[self.states[-1]][origin])

    def cut(self, height: int) -> None:
        """Drops all symbols above this number of states."""
        del self.states[height:]
        for stack in (self.values, self.starts, self.depths):
            del stack[height - 1 :]

    def partial(self) -> ast.Module | None:
        """The declarations that are whole, when the rest is lost."""
        if self.values and isinstance(self.values[0], list):
            return ast.Module(tuple(self.values[0]), (), Span(self.file, 0, len(self.file.text)))
        return None
