"""Knows the few colours that text has. Never colour alone: a word or a sign always says the same."""

from __future__ import annotations

from dataclasses import dataclass

RESET = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Style:
    """Paints when `on`; otherwise every method returns its text unchanged."""

    on: bool = False

    def bold(self, text: str) -> str:
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        return self._paint("2", text)

    def good(self, text: str) -> str:
        return self._paint("32", text)

    def bad(self, text: str) -> str:
        return self._paint("1;31", text)

    def warn(self, text: str) -> str:
        return self._paint("33", text)

    def place(self, text: str) -> str:
        return self._paint("36", text)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}{RESET}" if self.on and text else text


PLAIN = Style()


def printable(text: str) -> str:
    """The text with control characters made visible: what a file holds must not command a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _visible(c) for c in text)


def _visible(char: str) -> str:
    code = ord(char)
    if char == "\t":
        return "    "
    if code < 0x20:
        return chr(0x2400 + code)  # the picture of the control character
    return "\N{REPLACEMENT CHARACTER}"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 error`, `2 errors`, `1,000 objects`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
