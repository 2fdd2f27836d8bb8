"""Knows how a file becomes a syntax tree: it runs the LALR(1) table over the tokens.

The machine is ours rather than Lark's for three reasons: it never raises and never recurses, whatever the input; a word
is a keyword only where the state has an action for it, so that rules take no names away from users; and it is fast.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from kspec.source import Diagnostic, SourceFile, Span
from kspec.syntax import ast
from kspec.syntax.declarations import Declarations
from kspec.syntax.lexer import RESOURCE_NAME, Token, lexicon
from kspec.syntax.table import END, Table, load_table
from kspec.syntax.tree import Expressions

AS_NAME = ("NAME",)

Reducer = Callable[[list[Any], int, int], Any]


def parse_module(file: SourceFile) -> tuple[ast.Module, tuple[Diagnostic, ...]]:
    """The tree of a .kspec file, as far as it could be read, and every mistake in it."""
    builder = Declarations(file)
    module, comments, problems = _parse("kspec", "start", file, builder)
    if module is None:
        module = ast.Module((), (), Span(file, 0, len(file.text)))
    return ast.Module(module.declarations, comments, module.span), problems


def parse_expression(file: SourceFile, strict: bool = True) -> tuple[ast.Expr | None, tuple[Diagnostic, ...]]:
    """The tree of one expression: strict CEL, or an expression of the rule language."""
    if strict:
        expr, _, problems = _parse("cel", "expr", file, Expressions(file, strict=True))
    else:
        expr, _, problems = _parse("kspec", "expr", file, Declarations(file))
    return expr, problems


def _parse(name: str, start: str, file: SourceFile, builder: Expressions) -> tuple[Any, tuple[ast.Comment, ...], tuple[Diagnostic, ...]]:
    collecting = gc.isenabled()
    gc.disable()  # half a million small objects, none of them garbage
    try:
        machine = Machine(name, file, builder)
        result = machine.run(start)
    finally:
        if collecting:
            gc.enable()
    for literal in builder.too_large.values():
        builder.problem("KS1105", "this number is too large", literal.span.start, literal.span.end, "an `int` goes up to 9223372036854775807")
    return result, (), tuple(sorted(builder.problems, key=Diagnostic.sort_key))


def accepts(table: Table, states: list[int], kind: str) -> bool:
    stack = list(states)
    while True:
        action = table.actions[stack[-1]].get(kind)
        if action is None:
            return kind == END and stack[-1] in (last for _, last in table.starts.values())
        if action >= 0:
            return True
        production = table.productions[~action]
        if production.length:
            del stack[-production.length :]
        stack.append(table.gotos[stack[-1]][production.origin])


class Machine:
    def __init__(self, name: str, file: SourceFile, builder: Expressions) -> None:
        self.file = file
        self.builder = builder
        table = load_table(name)
        self.table = table
        self.lexicon = lexicon(name)
        self.reducers: list[tuple[int, str, Reducer | None]] = [
            (p.length, p.origin, None if p.builder is None else getattr(builder, p.builder)) for p in table.productions
        ]

    def run(self, begin: str) -> Any:
        text = self.file.text
        scan = self.lexicon.scan.match
        kinds = self.lexicon.kinds
        keywords = self.lexicon.keywords
        resource_name = self.lexicon.resource_name.match
        names_resource = self.lexicon.names_resource
        actions, gotos, reducers, accept = self.table.actions, self.table.gotos, self.reducers, self.table.starts[begin][1]
        state = self.table.starts[begin][0]
        states = [state]
        values: list[Any] = []
        starts: list[int] = []
        at = end = 0
        doc: list[str] = []
        while True:
            m = scan(text, at)
            if m is None:
                rest = text[at:]
                if rest.strip(" \t\r\n\f"):
                    self.error(states, at, at + 1)
                    return None
                kind, token, others = END, Token("", len(text), len(text)), ()
            else:
                kind = kinds[m.lastindex]  # type: ignore[index]
                start, at = m.span(m.lastindex)  # type: ignore[arg-type]
                word = text[start:at]
                if kind == "COMMENT":
                    if word.startswith("///"):
                        doc.append(word[3:].strip())
                    continue
                others: tuple[str, ...] = ()
                if kind == "NAME" and word in keywords:
                    kind, others = keywords[word], AS_NAME
                if state in names_resource:
                    n = resource_name(text, start)
                    if n is not None:
                        if n.end() == at:
                            others = (*others, RESOURCE_NAME)
                        elif self.accepts(states, RESOURCE_NAME):
                            kind, others, at, word = RESOURCE_NAME, (), n.end(), n.group(1)
                token = Token(word, start, at)
                if doc:
                    self.builder.docs[start] = "\n".join(doc)
                    doc = []
            while True:
                row = actions[state]
                action = row.get(kind)
                if action is None:
                    for other in others:
                        action = row.get(other)
                        if action is not None:
                            break
                    else:
                        if state == accept and kind == END:
                            return values[-1]
                        self.error(states, token[1], token[2])
                        return None
                if action >= 0:
                    states.append(action)
                    values.append(token)
                    starts.append(token[1])
                    end = token[2]
                    state = action
                    break
                length, origin, reducer = reducers[~action]
                if length == 1:
                    states.pop()
                    if reducer is not None:
                        values[-1] = reducer(values[-1:], starts[-1], end)
                elif length:
                    del states[-length:]
                    value = reducer(values[-length:], starts[-length], end)
                    del values[-length:]
                    values.append(value)
                    if length > 1:
                        del starts[1 - length :]
                else:
                    values.append(reducer([], token[1], token[1]))
                    starts.append(token[1])
                state = gotos[states[-1]][origin]
                states.append(state)

    def accepts(self, states: list[int], kind: str) -> bool:
        """Would this token be shifted, after the reductions that it brings about?"""
        return accepts(self.table, states, kind)

    def error(self, states: list[int], start: int, end: int) -> None:
        expected = sorted(self.table.actions[states[-1]])
        self.builder.problem("KS1001", f"unexpected `{self.file.text[start:end]}`", start, end, f"expected {expected}")
