"""Knows regular expressions: RE2's, as CEL and Kubernetes have them, matched in linear time by RE2 itself."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kspec.runtime.operators import TEXT_MAX, check_length
from kspec.runtime.registry import function
from kspec.runtime.values import NONE, EvalError, Optional

if TYPE_CHECKING:
    import re2  # type: ignore[import-untyped]

PATTERN_MAX = 10_000
"""Longer patterns are refused; with RE2's own bound on memory this bounds the time to compile one."""


@lru_cache(maxsize=500)
def compile_pattern(pattern: str) -> re2._Regexp:
    """The compiled pattern; EvalError if it is not RE2's syntax."""
    import re2  # here: 5 ms that only expressions with patterns need

    if len(pattern) > PATTERN_MAX:
        raise EvalError("budget", f"a regular expression of {len(pattern)} characters")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise EvalError("invalid_argument", f"`{pattern}` is not a regular expression: {text}") from None


@function("matches", "string", "string")
def matches(text: str, pattern: str) -> bool:
    """Is there a match anywhere in the text?"""
    return compile_pattern(pattern).search(text) is not None


@function("find", "string", "string")
def find(text: str, pattern: str) -> str:
    """The first match, or the empty string."""
    found = compile_pattern(pattern).search(text)
    return "" if found is None else str(found[0])


@function("findAll", "string", "string")
def find_all(text: str, pattern: str) -> list[str]:
    return find_some(text, pattern, -1)


@function("findAll", "string", "string", "int")
def find_some(text: str, pattern: str, count: int) -> list[str]:
    """The first `count` matches that do not overlap; all if it is negative."""
    found: list[str] = []
    if count == 0:
        return found
    for match in compile_pattern(pattern).finditer(text):
        found.append(str(match[0]))
        check_length(len(found))
        if len(found) == count:
            break
    return found


@function("regex.replace", "string", "string", "string")
def replace(text: str, pattern: str, replacement: str) -> str:
    return replace_some(text, pattern, replacement, -1)


@function("regex.replace", "string", "string", "string", "int")
def replace_some(text: str, pattern: str, replacement: str, count: int) -> str:
    r"""The first `count` matches replaced, all if it is negative. `\1` stands for a group."""
    compiled = compile_pattern(pattern)
    parts = _replacement_parts(replacement, compiled.groups)
    made, at, length = [], 0, 0
    for done, match in enumerate(compiled.finditer(text)):
        if done == count:
            break
        made.append(text[at : match.start()])
        made.extend(p if isinstance(p, str) else str(match[p] or "") for p in parts)
        at = match.end()
        length = sum(map(len, made)) if done % 1000 == 0 else length
        check_length(length, TEXT_MAX)
    made.append(text[at:])
    check_length(sum(map(len, made)), TEXT_MAX)
    return "".join(made)


def _replacement_parts(replacement: str, groups: int) -> list[str | int]:
    parts: list[str | int] = []
    characters = iter(replacement)
    for character in characters:
        if character != "\\":
            parts.append(character)
            continue
        following = next(characters, "")
        if following == "\\":
            parts.append("\\")
        elif following.isascii() and following.isdigit() and int(following) <= groups:
            parts.append(int(following))
        else:
            raise EvalError("invalid_argument", f"`\\{following}` names no group of the pattern")
    return parts


@function("regex.extract", "string", "string")
def extract(text: str, pattern: str) -> Optional:
    """The group of the first match, or the whole of it where the pattern has no group."""
    found = _extractable(pattern).search(text)
    return NONE if found is None else Optional(True, _extracted(found))


@function("regex.extractAll", "string", "string")
def extract_all(text: str, pattern: str) -> list[str]:
    found = [_extracted(match) for match in _extractable(pattern).finditer(text)]
    check_length(len(found))
    return found


def _extractable(pattern: str) -> re2._Regexp:
    compiled = compile_pattern(pattern)
    if compiled.groups > 1:
        raise EvalError("invalid_argument", "extract wants a pattern with one group at most")
    return compiled


def _extracted(match: re2._Match) -> str:
    return str(match[match.re.groups] or "")
