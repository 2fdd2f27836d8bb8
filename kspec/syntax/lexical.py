"""Knows what to make of text that is no token: a message, and the token that was probably meant."""

from __future__ import annotations

import re
from typing import NamedTuple

from kspec.syntax.lexer import lexicon


class Mishap(NamedTuple):
    """A mistake below the grammar: what it is, its place, and the token to go on with (`kind`, `text`),
    if any."""

    code: str
    message: str
    help: str
    start: int
    end: int
    kind: str | None = None
    text: str = ""


_OPENING = re.compile(r"(?:[rR][bB]?|[bB][rR]?)?(\"\"\"|'''|\"|')")
_NUMBER = re.compile(r"[0-9][0-9A-Za-z_]*(?:\.[0-9A-Za-z_]+)*")
_CURLY = re.compile(r"[“”‘’„‚«»]([^“”‘’„‚«»\n]*)[“”‘’„‚«»]?")
_TRAILING = re.compile(r"[\s,;)\]}]*$")
_WORD_BEFORE = re.compile(r"[A-Za-z0-9_./:\-]+\Z")
WORD_MAX = 200
_REST_OF_LINE = re.compile(r"[^\r\n]*")
_RUN = re.compile(r"\S+")
ADVICE = {
    ";": ("`;` separates nothing here", "leave it out: a field or statement ends where the next begins"),
    "#": ("`#` begins no comment", "comments begin with `//`"),
    "$": ("`$` stands before no name", "write the name alone; in a text, join with `+`"),
    "@": ("`@` means nothing here", "there are no annotations; leave it out"),
    "\\": ("`\\` means nothing outside of a text", "an expression goes on over line ends by itself"),
    "\0": ("a NUL byte means nothing here", "leave it out"),
}


def diagnose(name: str, text: str, at: int) -> Mishap:
    """What stands at `at`, where no token begins (after blanks)."""
    c = text[at]
    opening = _OPENING.match(text, at)
    if opening is not None:
        return _unterminated(text, at, opening.group(1))
    if c.isascii() and c.isdigit():
        return _number(text, at)
    if c in "&|":
        help = f"logical {'and' if c == '&' else 'or'} is `{c}{c}`"
        return Mishap("KS1101", f"`{c}` is no operator", help, at, at + 1, "OPERATOR", c * 2)
    if (curly := _CURLY.match(text, at)) is not None:
        message, help = f"`{c}` is not a quotation mark here", 'use the plain `"`'
        return Mishap("KS1101", message, help, at, curly.end(), "STRING", '""')
    if c == "`":
        help = "between backquotes stand letters, digits, `_.-/` and blanks, on one line"
        end = _line_end(text, at)
        return Mishap("KS1101", "this quoted name is malformed", help, at, end, "QUOTED_NAME", "`x`")
    if c in ADVICE:
        return Mishap("KS1101", *ADVICE[c], at, _line_end(text, at) if c == "#" else at + 1)
    return _stray(name, text, at)


def _stray(name: str, text: str, at: int) -> Mishap:
    """Characters that mean nothing, all up to the next token."""
    scan = lexicon(name).scan
    end = at + 1
    while end < len(text) and not text[end].isspace() and text[end] not in "\"'0123456789&|#":
        if scan.match(text, end) is not None:
            break
        end += 1
    run = text[at:end]
    shown = f"`{run[:20]}`" if run.isprintable() else ascii(run[:20])
    if text[at].isalpha():
        help = "names have the letters a to z, digits and `_`; anything may stand in a quoted text"
        return Mishap("KS1101", f"{shown} cannot stand in a name", help, at, end)
    help = "leave it out, or put the text that it belongs to in quotes"
    return Mishap("KS1101", f"{shown} means nothing here", help, at, end)


def _line_end(text: str, at: int) -> int:
    m = _REST_OF_LINE.match(text, at)
    assert m is not None
    return m.end()


def _unterminated(text: str, at: int, quotes: str) -> Mishap:
    """A text goes to the end of its line, less the brackets there, which probably close something before
    it."""
    if len(quotes) == 3:
        help = f"end it with `{quotes}`"
        return Mishap(
            "KS1102", "this text is not closed", help, at, min(len(text), at + 3), "STRING", '""'
        )._replace(end=len(text))
    word = _WORD_BEFORE.search(text, max(0, at - WORD_MAX), at)
    if word is not None and text[word.start() - 1 : word.start()] not in ('"', "'"):
        help = f'write `"{word.group()}"`'
        return Mishap(
            "KS1102", "this text has no quote at its beginning", help, word.start(), at + 1, "STRING", '""'
        )
    line = text[at : _line_end(text, at)]
    tail = _TRAILING.search(line)
    end = at + (tail.start() if tail else len(line))
    help = f"end it with `{quotes}`; a text over several lines has three quotes on each side"
    return Mishap("KS1102", "this text is not closed", help, at, max(end, at + 1), "STRING", '""')


def _number(text: str, at: int) -> Mishap:
    m = _NUMBER.match(text, at)
    assert m is not None
    number = m.group()
    begin = at
    while begin and text[begin - 1] not in " \t\n()[]{}\"',+*":
        begin -= 1
    run = _RUN.match(text, begin)
    whole = _TRAILING.sub("", run.group()) if run else number
    if len(whole) > len(number) and not set(whole) & set("()[]{}\"'+*,"):
        help = f'put it in quotes: `"{whole}"`'
        return Mishap("KS1103", f"`{whole}` is not a number", help, begin, begin + len(whole), "STRING", '""')
    if re.fullmatch(r"0[0-9]+", number):
        help = f"for the decimal number write `{number.lstrip('0') or '0'}`"
        if not set(number) & set("89"):
            help += f", for an octal one `0o{number[1:]}`"
        return Mishap(
            "KS1103",
            f"`{number}` begins with 0: octal to some, decimal to others",
            help,
            at,
            m.end(),
            "INT",
            "0",
        )
    if re.fullmatch(r"[0-9]+(_[0-9]+)+", number):
        help = f"write `{number.replace('_', '')}`"
        return Mishap("KS1103", "digits are not grouped", help, at, m.end(), "INT", "0")
    help = (
        "a number may end in a unit (`250m`, `16Gi`, `90s`, `5min`) or in `u`; "
        "a name cannot begin with a digit; texts stand in quotes"
    )
    return Mishap("KS1103", f"`{number}` is not a number", help, at, m.end(), "INT", "0")
