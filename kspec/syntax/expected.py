"""Knows how to say in plain words what the parser would accept, and what it found instead."""

from __future__ import annotations

from collections.abc import Collection

from kspec.syntax.foreign import DECLARATIONS, STATEMENTS
from kspec.syntax.lexer import UNKNOWN, Token
from kspec.syntax.table import END

SIGNS = {
    "BANG": "!",
    "COLON": ":",
    "COMMA": ",",
    "DOT": ".",
    "EQUAL": "=",
    "LBRACE": "{",
    "LPAR": "(",
    "LSQB": "[",
    "MINUS": "-",
    "QMARK": "?",
    "RANGE": "..",
    "RBRACE": "}",
    "RPAR": ")",
    "RSQB": "]",
    "STAR": "*",
}
CLOSERS = {"RBRACE": "LBRACE", "RPAR": "LPAR", "RSQB": "LSQB"}
OPENERS = {opener: closer for closer, opener in CLOSERS.items()}
AFTER_OPERAND = frozenset(
    ["OPERATOR", "MINUS", "STAR", "IN", "IMPLIES", "QMARK", "RANGE", "DOT", "LSQB", "LPAR"]
)
VALUE = frozenset(
    [
        "NAME",
        "QUOTED_NAME",
        "STRING",
        "BYTES",
        "INT",
        "UINT",
        "FLOAT",
        "QUANTITY",
        "TIME",
        "TRUE",
        "FALSE",
        "NULL",
        "LPAR",
        "LSQB",
        "LBRACE",
        "DOT",
        "BANG",
        "MINUS",
        "FORALL",
        "EXISTS",
        "ALWAYS",
        "NEVER",
        "EVENTUALLY",
        "QMARK",
    ]
)
NAMES = frozenset(["NAME", "QUOTED_NAME", "STRING", "POOL", "USE"])
_DECLARATIONS = frozenset(w.upper() for w in DECLARATIONS)
_STATEMENTS = frozenset(w.upper() for w in STATEMENTS)
CLAUSES = frozenset(["OWNS", "READS", "ON", "AFTER", "WEIGHT", "FOR"])
MENTIONED_MAX = 4


def expectation(acceptable: Collection[str]) -> str:
    """`:` or `{`: the terminals that would do, as a phrase; the longest lists become one word each."""
    left = set(acceptable)
    phrases: list[str] = []

    def say(phrase: str, group: frozenset[str]) -> None:
        phrases.append(phrase)
        left.difference_update(group)

    if "OPERATOR" in left:
        left -= AFTER_OPERAND
        if not left or left == {END}:
            say("an operator", frozenset())
    elif "NULL" in left:
        say("a value", VALUE)
    if "FUNCTION" in left:
        say("a declaration", _DECLARATIONS | NAMES)
    if "RETURN" in left:
        say("a statement", _STATEMENTS | NAMES)
    if "OWNS" in left:
        say("a clause", CLAUSES)
    if "QUOTED_NAME" in left or {"NAME", "STRING"} <= left:
        say("a field", NAMES | {"LPAR"})
    if "RESOURCE_NAME" in left:
        say("a name", frozenset({"RESOURCE_NAME", "STRING", "LPAR"}))
    words = sorted(left, key=lambda t: (t not in SIGNS, t in CLOSERS, t))
    phrases[len(phrases) :] = [_phrase(t) for t in words if t != END or len(left) == 1]
    phrases = sorted(phrases[:MENTIONED_MAX], key=lambda p: p == "an operator")
    return " or ".join([", ".join(phrases[:-1]), phrases[-1]]) if len(phrases) > 1 else "".join(phrases)


def _phrase(terminal: str) -> str:
    if terminal in SIGNS:
        return f"`{SIGNS[terminal]}`"
    if terminal == END:
        return "the end"
    special = {"NAME": "a name", "STRING": "a text in quotes", "INT": "a number", "OPERATOR": "an operator"}
    return special.get(terminal) or f"`{terminal.lower()}`"


def found(kind: str, token: Token) -> str:
    """The token, as a message calls it."""
    if kind == END:
        return "the end of the file"
    text = token.text if len(token.text) <= 40 else token.text[:37] + "..."
    if kind in ("STRING", "BYTES") or "\n" in text:
        return "a text" if kind != "BYTES" else "bytes"
    if kind == UNKNOWN and not text.isprintable():
        return repr(text)
    return f"`{text}`"
