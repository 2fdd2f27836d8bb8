"""Knows how to explain a mistake that is not one of the well-known: what is missing, or what should not
be there."""

from __future__ import annotations

import re
from typing import NamedTuple

from kspec.syntax.expected import CLOSERS, OPENERS, SIGNS, expectation, found
from kspec.syntax.lexer import RawToken, Token
from kspec.syntax.lookahead import View
from kspec.syntax.table import END

ENOUGH = 3
"""How many tokens must fit after a token is put in or left out."""
LOOK_BACK = 4
UNFINISHED = frozenset(
    {"OPERATOR", "MINUS", "STAR", "DOT", "COLON", "EQUAL", "QMARK", "BANG", "RANGE", "IN", "IMPLIES"}
)
"""Tokens with which nothing ends."""
INSERTED = (
    ("COLON", ":"), ("COMMA", ","), ("RPAR", ")"), ("RSQB", "]"),
    ("EQUAL", "="), ("LBRACE", "{"), ("NULL", "null"), ("RBRACE", "}"),
)  # fmt: skip

STOP = -1
"""The place to resume at when there is nothing more to read."""


class Mistake(NamedTuple):
    """What to tell, and how to go on: drop so many symbols, insert these tokens (kind, text), resume at a
    place.

    Without a place the recovery looks for the next field, statement or declaration itself.
    """

    code: str
    message: str
    start: int
    end: int
    help: str = ""
    notes: tuple[tuple[int, int, str], ...] = ()
    drop: int = 0
    insert: tuple[tuple[str, str], ...] = ()
    resume: int | None = None


def broken_off(view: View, i: int) -> Mistake | None:
    """Words of the line that holds raw token `i` were taken into the field or statement before, which
    breaks off.

    So it is if the line, read as a field or statement of its own, goes on beyond the token.
    """
    k = i
    while k > max(0, i - LOOK_BACK) and not view.raw[k].begins_line:
        k -= 1
    first = view.raw[k]
    if not first.begins_line or not k or first.kind in CLOSERS:
        return None
    for c in view.contexts():
        if c >= len(view.machine.starts):
            continue
        begun = view.machine.starts[c]
        states = view.machine.states[: c + 1]
        if (
            begun > first.start
            and view.raw[k - 1].kind in UNFINISHED
            and view.fits(states, k, i - k + 1) > i - k
        ):
            return _swallowed(view, c, k)
        if begun >= first.start or view.indent(first.start) > view.indent(begun):
            continue
        if view.fits(states, k, i - k + 1) < max(2, i - k + 1):
            continue
        return _broken(view, c, k)
    return None


def _swallowed(view: View, context: int, k: int) -> Mistake:
    """The element before `context` took the word at raw token `k` as its end."""
    before = view.raw[k - 1]
    wanted = "a name" if before.kind == "DOT" else "a value"
    message = f"expected {wanted} after {_quoted(before)}"
    drop = len(view.machine.states) - context - 1
    return Mistake("KS1001", message, before.end, before.end, drop=drop, resume=view.raw[k].start)


def _broken(view: View, context: int, k: int) -> Mistake | None:
    """The mistake of the element after `context` that breaks off before raw token `k`."""
    machine = view.machine
    before = machine.states[: context + 1]
    first = view.index(machine.starts[context])
    if view.fits(before, first, k - first, before) < k - first:
        return None
    resume = view.raw[k].start
    opened = [j for j in view.open_brackets() if j > context]
    inner = [t for t in view.raw[first:k] if t.kind in OPENERS or t.kind in CLOSERS]
    if (
        opened
        and inner
        and inner[-1].kind in ("LPAR", "LSQB")
        and view.raw[k - 1].kind not in ("COLON", "OPERATOR")
    ):
        symbol = view.symbols[machine.states[opened[-1]]]
        mistake = still_open(view, machine.starts[opened[-1] - 1], symbol, k)
    else:
        wanted = expectation([t for t in machine.table.actions[before[-1]] if machine.accepts(before, (t,))])
        end = view.raw[k - 1].end
        mistake = Mistake("KS1001", f"expected {wanted} after {_quoted(view.raw[k - 1])}", end, end)
    return mistake._replace(drop=len(machine.states) - context - 1, resume=resume)


def repaired(view: View, i: int) -> Mistake | None:
    """The mistake of a token that is missing before raw token `i`, or of that token being there."""
    best, chosen = ENOUGH - 1, ("", "")
    for kind, text in INSERTED:
        states = list(view.machine.states)
        if view.machine.shift(states, (kind,)) and (fit := view.fits(states, i)) > best:
            best, chosen = fit, (kind, text)
    token = view.raw[i]
    drop = best - (chosen[0] in ("LBRACE", "RBRACE"))
    superfluous = token.kind not in (END, *OPENERS, *CLOSERS) and not token.begins_line
    if superfluous and view.fits(view.machine.states, i + 1) > drop:
        return unexpected(view, i)._replace(resume=token.end)
    if not chosen[0]:
        return None
    if chosen[0] in CLOSERS:
        return unclosed(view, chosen[0], i)._replace(insert=(chosen,), resume=token.start)
    mistake = unexpected(view, i, "a value" if chosen[0] == "NULL" else f"`{chosen[1]}`")
    return mistake._replace(insert=(chosen,), resume=token.start)


def unexpected(view: View, i: int, wanted: str = "") -> Mistake:
    """A mistake that says what was expected where raw token `i` stands; at the line before if that breaks
    off."""
    token = view.raw[i]
    wanted = wanted or expectation(view.acceptable())
    what = found(token.kind, Token(token.text, token.start, token.end))
    if i and token.begins_line and (token.kind not in CLOSERS or wanted.startswith("a value")):
        end = view.raw[i - 1].end
        return Mistake("KS1001", f"expected {wanted} after {_quoted(view.raw[i - 1])}", end, end)
    help = (
        f'put it in quotes: `"{token.text}"`'
        if wanted == "a text in quotes" and re.fullmatch(r"[\w.]+", token.text)
        else ""
    )
    return Mistake("KS1001", f"expected {wanted}, found {what}", token.start, token.end, help)


def unclosed(view: View, closer: str, i: int) -> Mistake:
    """The bracket that this closer would close is still open at raw token `i`."""
    states = view.machine.states
    opener = next(j for j in reversed(view.open_brackets()) if view.symbols[states[j]] == CLOSERS[closer])
    return still_open(view, view.machine.starts[opener - 1], CLOSERS[closer], i)


def still_open(view: View, opener: int, symbol: str, i: int) -> Mistake:
    sign, closing = SIGNS[symbol], SIGNS[OPENERS[symbol]]
    token = view.raw[i]
    where = "the file ends" if token.kind == END else f"{found(token.kind, Token(token.text, 0, 0))} comes"
    end = view.raw[i - 1].end if i else token.start
    note = ((end, end, f"`{closing}` is missing here, before {where}"),)
    return Mistake(
        "KS1002",
        f"this `{sign}` is not closed",
        opener,
        opener + 1,
        f"add the `{closing}` that ends it",
        note,
    )


def _quoted(token: RawToken) -> str:
    return found(token.kind, Token(token.text, token.start, token.end))
