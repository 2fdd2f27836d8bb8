"""Knows how to run an LALR(1) table over a text: the inner loop of the parser.

The machine is ours rather than Lark's for three reasons: it never raises and never recurses, whatever the
input; a
word is a keyword only where the state has an action for it, so that rules take no names away from users;
and it is fast.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from kspec.source import SourceFile, Span
from kspec.syntax import ast
from kspec.syntax.lexer import BLANK, BYTE_ORDER_MARK, NEVER_NAMES, RESOURCE_NAME, Token, lexicon
from kspec.syntax.table import END, Table, load_table
from kspec.syntax.tree import Expressions

DEPTH_MAX = 120
"""How deeply expressions and objects may be nested: other rooms walk trees by recursion."""
STACK_MAX = 1000
"""How many symbols may be open at once: what no tree shows, such as parentheses."""

Kinds: TypeAlias = tuple[str, ...]
"""What a token may be, the first that has an action in a state is what it is there."""
Reducer: TypeAlias = Callable[[list[Any], int, int], Any]

AS_NAME = ("NAME",)
FLAT = frozenset(
    {
        "first", "append", "extend", "second", "one", "one_value", "none", "nothing", "chain_start", "module",
        "parenthesised",
    }
)  # fmt: skip
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
        self.doc: list[Token] = []
        """The lines of the doc comment before the next token."""
        self.reducers: list[tuple[int, str, Reducer | None, int]] = [
            (
                p.length,
                p.origin,
                getattr(builder, p.builder) if p.builder else None,
                int(p.builder not in FLAT),
            )
            for p in self.table.productions
        ]

    def run(self, recovery: Recovery) -> Any:
        """The value of the whole input, or None when the recovery gave up."""
        text = self.file.text
        scan, kinds, keywords = self.lexicon.scan.match, self.lexicon.kinds, self.lexicon.keywords
        names_resource, states, push = self.lexicon.names_resource, self.states, self.push
        at: int | None = 1 if text.startswith(BYTE_ORDER_MARK) else 0
        while at is not None:
            m = scan(text, at)
            if m is None:
                if states[-1] in names_resource and (name := self.odd_name(at)) is not None:
                    push(RESOURCE_NAME, (), name)
                    at = name.end
                    continue
                if text[at:].strip(BLANK):
                    at = recovery.lexical(at)
                    continue
                token = Token("", len(text), len(text))
                self.claim(token)
                if not push(END, (), token) and states[-1] == self.accept:
                    return self.values[-1]
                at = recovery.syntax(token)
                continue
            kind = kinds[m.lastindex]  # type: ignore[index]
            start, at = m.span(m.lastindex)  # type: ignore[arg-type]
            word = text[start:at]
            if kind == "COMMENT":
                self.comment(Token(word, start, at))
                continue
            others: Kinds = ()
            if kind == "NAME" and word in keywords:
                kind = keywords[word]
                if word not in NEVER_NAMES:
                    others = AS_NAME
            if states[-1] in names_resource:
                kind, others, at = self.resource_name(kind, others, start, at)
                word = text[start:at]
            token = Token(word, start, at)
            if self.doc:
                self.claim(token)
            if not push(kind, others, token):
                at = recovery.syntax(token)
        return None

    def push(self, kind: str, others: Kinds, token: Token) -> bool:
        """Shifts a token after the reductions that it brings about; false if the state that is reached
        has no action for it."""
        states, values, starts = self.states, self.values, self.starts
        actions, gotos, reducers = self.table.actions, self.table.gotos, self.reducers
        while True:
            row = actions[states[-1]]
            action = row.get(kind)
            if action is None:
                for other in others:
                    action = row.get(other)
                    if action is not None:
                        break
                else:
                    return False
            if action >= 0:
                states.append(action)
                values.append(token)
                starts.append(token[1])
                self.depths.append(0)
                if token[2] > self.end:
                    self.end = token[2]
                if len(states) > STACK_MAX:
                    raise TooDeep
                return True
            length, origin, reducer, deeper = reducers[~action]
            if length == 1:
                states.pop()
                if reducer is not None:
                    values[-1] = reducer(values[-1:], starts[-1], self.end)
            else:
                self.reduce(length, reducer, deeper, token[1])
            states.append(gotos[states[-1]][origin])

    def reduce(self, length: int, reducer: Reducer | None, deeper: int, at: int) -> None:
        """Replaces the topmost `length` symbols (not one) by what the builder makes of them."""
        assert reducer is not None
        starts, values, depths = self.starts, self.values, self.depths
        if not length:
            values.append(reducer([], at, at))
            starts.append(at)
            depths.append(0)
            return
        del self.states[-length:]
        depth = max(depths[-length:]) + deeper
        if depth > DEPTH_MAX:
            raise TooDeep
        value = reducer(values[-length:], starts[-length], self.end)
        del values[-length:]
        values.append(value)
        del starts[1 - length :]
        del depths[-length:]
        depths.append(depth)

    # ---- comments and names of resources

    def comment(self, token: Token) -> None:
        text, start, end = token
        if text.startswith("///"):
            self.doc.append(token)
            return
        own_line = not self.file.text[self.file.text.rfind("\n", 0, start) + 1 : start].strip(BLANK)
        self.comments.append(
            ast.Comment(text[2:].removeprefix(" ").rstrip(), own_line, Span(self.file, start, end))
        )

    def claim(self, token: Token) -> None:
        """Gives the doc comment that was read to the token that follows it."""
        if self.doc:
            self.docs[token.start] = tuple(self.doc)
            self.doc = []

    def resource_name(self, kind: str, others: Kinds, start: int, end: int) -> tuple[str, Kinds, int]:
        """The token at hand where the state has an action for resource names: it may be one, and then it
        may be longer."""
        m = self.lexicon.resource_name.match(self.file.text, start)
        if m is None or m.end() < end:
            return kind, others, end
        if m.end() == end:
            return kind, (*others, RESOURCE_NAME), end
        if self.accepts(self.states, (RESOURCE_NAME,)):
            return RESOURCE_NAME, (), m.end()
        return kind, others, end

    def odd_name(self, at: int) -> Token | None:
        """The name of a resource that begins as no token does, such as `01-web`."""
        text = self.file.text
        while at < len(text) and text[at] in BLANK:
            at += 1
        m = self.lexicon.resource_name.match(text, at)
        if m is None or not self.accepts(self.states, (RESOURCE_NAME,)):
            return None
        token = Token(m.group(), m.start(), m.end())
        self.claim(token)
        return token

    # ---- for the recovery

    def accepts(self, states: list[int], kinds: Kinds) -> bool:
        """Would a token of these kinds be shifted onto these states?"""
        return self.shift(list(states), kinds)

    def shift(self, states: list[int], kinds: Kinds) -> bool:
        """Shifts a token without a value onto these states, after the reductions that it brings about."""
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
