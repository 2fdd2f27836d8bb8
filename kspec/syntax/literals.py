"""Knows how strings, bytes and numbers are written: the text of a literal to its value and back."""

from __future__ import annotations

import re

SIMPLE = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`",
}  # fmt: skip
_DIGITS = {"x": (2, 16), "X": (2, 16), "u": (4, 16), "U": (8, 16)}
_ESCAPE = re.compile(
    r"\\(?:[xX][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-3][0-7]{2}|.|\n)", re.DOTALL
)


class LiteralError(Exception):
    """A literal that means nothing: what is wrong, where in the literal, how to mend it."""

    def __init__(self, message: str, start: int, end: int, help: str) -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.help = message, start, end, help


def _content(text: str) -> tuple[str, int, bool, bool]:
    """(what stands between the quotes, where it begins, raw?, bytes?)."""
    at = 0
    while text[at] not in "\"'":
        at += 1
    prefix = text[:at].lower()
    width = 3 if text[at : at + 3] in ('"""', "'''") and len(text) >= at + 6 else 1
    content = text[at + width : -width]
    if "\r" in content:
        content = content.replace("\r\n", "\n").replace("\r", "\n")
    return content, at + width, "r" in prefix, "b" in prefix


def string_value(text: str) -> str:
    """The value of a string literal, quotes and all. CR LF in long strings counts as LF."""
    content, offset, raw, _ = _content(text)
    if raw or "\\" not in content:
        return content
    return _ESCAPE.sub(lambda m: _string_escape(m, offset), content)


def _string_escape(m: re.Match[str], offset: int) -> str:
    code = _code(m, offset)
    if isinstance(code, str):
        return code
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise LiteralError(
            f"`{m.group()}` is not a Unicode character", offset + m.start(), offset + m.end(),
            "characters go up to `\\U0010ffff`; the halves of surrogate pairs are none",
        )  # fmt: skip
    return chr(code)


def bytes_value(text: str) -> bytes:
    """The value of a bytes literal: text as UTF-8; `\\x` and octal escapes are single bytes."""
    content, offset, raw, _ = _content(text)
    if raw or "\\" not in content:
        return content.encode("utf-8", "surrogatepass")
    out = bytearray()
    at = 0
    for m in _ESCAPE.finditer(content):
        out += content[at : m.start()].encode("utf-8", "surrogatepass")
        code = _code(m, offset)
        if isinstance(code, str):
            out += code.encode()
        elif m.group()[1] in "uU":
            out += _string_escape(m, offset).encode()
        else:
            out.append(code)
        at = m.end()
    return bytes(out + content[at:].encode("utf-8", "surrogatepass"))


def _code(m: re.Match[str], offset: int) -> int | str:
    """The number that an escape stands for, or the character itself."""
    body = m.group()[1:]
    if len(body) == 1:
        if body in SIMPLE:
            return SIMPLE[body]
        digits = _DIGITS.get(body)
        help = (
            f"`\\{body}` is followed by {digits[0]} hexadecimal digits"
            if digits
            else "write `\\\\` for a backslash, or put `r` before the string to turn escapes off"
        )
        if body.isdigit():
            help = "an octal escape has three digits, `\\000` to `\\377`"
        raise LiteralError(f"`\\{body}` is not an escape", offset + m.start(), offset + m.end(), help)
    return int(body[1:], 16) if body[0] in "xXuU" else int(body, 8)


_QUOTED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def quote(value: str) -> str:
    """The canonical literal of a string."""
    if value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return '"' + "".join(_QUOTED.get(c) or (c if c.isprintable() else _escaped(ord(c))) for c in value) + '"'


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quote_bytes(value: bytes) -> str:
    """The canonical literal of bytes."""
    return 'b"' + "".join(_byte(b) for b in value) + '"'


def _byte(b: int) -> str:
    c = chr(b)
    return _QUOTED.get(c) or (c if 32 <= b < 127 else f"\\x{b:02x}")


def integer_value(text: str) -> int | None:
    """The value of a whole number, with or without `u`; None when it is far too large to be one."""
    digits = text.rstrip("uU")
    if len(digits) > 64:
        return None
    if digits[:2] in ("0x", "0X"):
        return int(digits, 16)
    return int(digits[2:], 8) if digits[:2] == "0o" else int(digits)
