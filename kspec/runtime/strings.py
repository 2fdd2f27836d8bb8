"""Knows CEL's functions on texts. Positions count code points."""

from __future__ import annotations

import string

from kspec.runtime.operators import TEXT_MAX, check_length
from kspec.runtime.registry import function, no_such_overload, tag_of
from kspec.runtime.values import EvalError

WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode's White_Space; Python's own `strip` takes more."""

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_QUOTED = str.maketrans(
    {
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        "\\": "\\\\",
        '"': '\\"',
    }
)


def _out_of_range(index: int, text: str) -> EvalError:
    return EvalError("index_out_of_bounds", f"position {index} is outside a string of {len(text)}")


@function("contains", "string", "string")
def contains(text: str, part: str) -> bool:
    return part in text


@function("startsWith", "string", "string")
def starts_with(text: str, part: str) -> bool:
    return text.startswith(part)


@function("endsWith", "string", "string")
def ends_with(text: str, part: str) -> bool:
    return text.endswith(part)


@function("charAt", "string", "int")
def char_at(text: str, index: int) -> str:
    """The character there; after the last one the empty string."""
    if 0 <= index <= len(text):
        return text[index : index + 1]
    raise _out_of_range(index, text)


@function("indexOf", "string", "string")
def index_of(text: str, part: str) -> int:
    return text.find(part)


@function("indexOf", "string", "string", "int")
def index_of_from(text: str, part: str, start: int) -> int:
    """The first place from `start` on, or -1."""
    if 0 <= start <= len(text):
        return text.find(part, start)
    raise _out_of_range(start, text)


@function("lastIndexOf", "string", "string")
def last_index_of(text: str, part: str) -> int:
    return text.rfind(part)


@function("lastIndexOf", "string", "string", "int")
def last_index_of_to(text: str, part: str, last: int) -> int:
    """The last place that starts at `last` or before, or -1."""
    if 0 <= last <= len(text):
        return text.rfind(part, 0, last + len(part))
    raise _out_of_range(last, text)


@function("lowerAscii", "string")
def lower_ascii(text: str) -> str:
    return text.translate(_LOWER)


@function("upperAscii", "string")
def upper_ascii(text: str) -> str:
    return text.translate(_UPPER)


@function("replace", "string", "string", "string")
def replace(text: str, old: str, new: str) -> str:
    return replace_some(text, old, new, -1)


@function("replace", "string", "string", "string", "int")
def replace_some(text: str, old: str, new: str, count: int) -> str:
    """The first `count` places replaced; all if it is negative. An empty `old` is between all characters."""
    found = text.count(old)
    places = found if count < 0 else min(found, count)
    check_length(len(text) + places * (len(new) - len(old)), TEXT_MAX)
    return text.replace(old, new, places)


@function("split", "string", "string")
def split(text: str, separator: str) -> list[str]:
    return split_some(text, separator, -1)


@function("split", "string", "string", "int")
def split_some(text: str, separator: str, count: int) -> list[str]:
    """At most `count` parts, the last with the rest; all if negative. No separator: characters."""
    if count == 0:
        return []
    if separator:
        parts = text.split(separator, count - 1 if count > 0 else -1)
    elif 0 < count < len(text):
        parts = [*text[: count - 1], text[count - 1 :]]
    else:
        parts = list(text)
    check_length(len(parts))
    return parts


@function("substring", "string", "int")
def substring_from(text: str, start: int) -> str:
    return substring(text, start, len(text))


@function("substring", "string", "int", "int")
def substring(text: str, start: int, end: int) -> str:
    """From `start` up to but without `end`."""
    if not 0 <= start <= len(text):
        raise _out_of_range(start, text)
    if not start <= end <= len(text):
        raise _out_of_range(end, text)
    return text[start:end]


@function("trim", "string")
def trim(text: str) -> str:
    return text.strip(WHITE_SPACE)


@function("reverse", "string")
def reverse_string(text: str) -> str:
    return text[::-1]


@function("strings.quote", "string")
def quote(text: str) -> str:
    """The text as a literal, in double quotes, with escapes for the characters that need one."""
    return f'"{text.translate(_QUOTED)}"'


@function("join", "list")
def join_plain(parts: list[object]) -> str:
    return join(parts, "")


@function("join", "list", "string")
def join(parts: list[object], separator: str) -> str:
    texts = []
    for part in parts:
        if not isinstance(part, str):
            raise no_such_overload("join", (f"list({tag_of(part)})",))
        texts.append(part)
    check_length(sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0), TEXT_MAX)
    return separator.join(texts)
