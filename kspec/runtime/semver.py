"""Knows semantic versions, as Kubernetes' CEL library for them does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kspec.runtime.registry import function, value_type
from kspec.runtime.values import UINT_MAX, EvalError

_NUMBER = r"(0|[1-9]\d*)"
_ID = r"[0-9A-Za-z-]+"
_STRICT = rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_ID}(?:\.{_ID})*))?(?:\+({_ID}(?:\.{_ID})*))?"
_LOOSE = rf"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?((?:-{_ID}(?:\.{_ID})*)?(?:\+{_ID}(?:\.{_ID})*)?)"
"""Compiled where they are used, which is seldom."""


@value_type("semver", "kubernetes.Semver")
@dataclass(frozen=True, slots=True)
class Semver:
    """A version. Its build metadata takes no part in comparisons."""

    major: int
    minor: int
    patch: int
    pre: tuple[str, ...] = ()
    build: str = field(default="", compare=False)

    def __str__(self) -> str:
        pre = f"-{'.'.join(self.pre)}" if self.pre else ""
        return f"{self.major}.{self.minor}.{self.patch}{pre}" + (f"+{self.build}" if self.build else "")


def _parse(text: str, normalize: bool) -> Semver | None:
    if len(text) > 1000:
        return None
    if normalize:
        loose = re.fullmatch(_LOOSE, text, re.ASCII)
        if loose is None:
            return None
        numbers = ".".join(str(int(n or "0")) for n in loose.groups()[:3])
        text = numbers + loose[4]
    found = re.fullmatch(_STRICT, text, re.ASCII)
    if found is None:
        return None
    major, minor, patch = (int(n) for n in found.groups()[:3])
    pre = tuple((found[4] or "").split(".")) if found[4] else ()
    leading_zero = any(p.isdigit() and len(p) > 1 and p[0] == "0" for p in pre)
    return (
        None
        if leading_zero or max(major, minor, patch) > UINT_MAX
        else Semver(major, minor, patch, pre, found[5] or "")
    )


@function("semver", "string")
def parse_strict(text: str) -> Semver:
    return parse_semver(text, False)


@function("semver", "string", "bool")
def parse_semver(text: str, normalize: bool) -> Semver:
    """With `normalize` a leading `v`, missing parts and leading zeros are forgiven."""
    found = _parse(text, normalize)
    if found is None:
        raise EvalError("invalid_argument", f"`{text}` is not a semantic version")
    return found


@function("isSemver", "string")
def is_strict(text: str) -> bool:
    return _parse(text, False) is not None


@function("isSemver", "string", "bool")
def is_semver(text: str, normalize: bool) -> bool:
    return _parse(text, normalize) is not None


@function("string", "semver")
def show(value: Semver) -> str:
    return str(value)


@function("major", "semver")
def major(value: Semver) -> int:
    return value.major


@function("minor", "semver")
def minor(value: Semver) -> int:
    return value.minor


@function("patch", "semver")
def patch(value: Semver) -> int:
    return value.patch


def _precedence(value: Semver) -> tuple[object, ...]:
    """A key in whose order versions stand: numbers before words, a pre-release before its release."""
    identifiers = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in value.pre)
    return value.major, value.minor, value.patch, not value.pre, identifiers


@function("compareTo", "semver", "semver")
def compare(a: Semver, b: Semver) -> int:
    left, right = _precedence(a), _precedence(b)
    return (left > right) - (left < right)


@function("isLessThan", "semver", "semver")
def is_less(a: Semver, b: Semver) -> bool:
    return compare(a, b) < 0


@function("isGreaterThan", "semver", "semver")
def is_greater(a: Semver, b: Semver) -> bool:
    return compare(a, b) > 0
