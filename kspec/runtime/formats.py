"""Knows the named formats of Kubernetes' CEL library: `format.dns1123Label().validate(name)`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from kspec.runtime.registry import function, value_type
from kspec.runtime.times import parse_timestamp
from kspec.runtime.url import is_url
from kspec.runtime.values import NONE, EvalError, Optional

TEXTS_KEPT_MAX = 20_000
"""Names and labels are few beside the places where they stand."""

_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_WORD = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_LABEL_ADVICE = "lower case letters, digits and `-`, the ends no `-`"
_NAME_ADVICE = "letters, digits, `-`, `_` and `.`, the ends letters or digits"
_SUBDOMAIN_ADVICE = "lower case letters, digits, `-` and `.`, each part a label"


@value_type("named_format", "kubernetes.NamedFormat")
@dataclass(frozen=True, slots=True)
class NamedFormat:
    """A format by its name."""

    name: str


def _shaped(pattern: str, length_max: int, advice: str) -> Callable[[str], list[str]]:
    """A check of a length and a shape (k8s.io/apimachinery util/validation)."""
    shape = re.compile(pattern, re.ASCII)

    def check(text: str) -> list[str]:
        problems = [f"must be no more than {length_max} characters"] if len(text) > length_max else []
        return problems if shape.fullmatch(text) else [*problems, f"must consist of {advice}"]

    return check


def _prefix(check: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    """Of a prefix: a name may end in `-`, since more is put behind it (generateName)."""
    return lambda text: check(text[:-1] + "a" if len(text) > 1 and text.endswith("-") else text)


_name_part = _shaped(_WORD, 63, _NAME_ADVICE)


def _qualified_name(text: str) -> list[str]:
    """An optional DNS prefix, a slash, a name of 63 characters at most (IsQualifiedName)."""
    parts = text.split("/")
    if len(parts) > 2:
        return [f"{_NAME_ADVICE}, with an optional DNS subdomain and `/` before it"]
    problems = []
    if len(parts) == 2:
        problems += _CHECKS["dns1123Subdomain"](parts[0]) if parts[0] else ["the prefix must not be empty"]
    problems += [] if parts[-1] else ["must not be empty"]
    return problems + _name_part(parts[-1])


def _reads(read: Callable[[str], object], advice: str) -> Callable[[str], list[str]]:
    def check(text: str) -> list[str]:
        try:
            return [] if read(text) is not False else [advice]
        except (EvalError, ValueError, binascii.Error):
            return [advice]

    return check


_CHECKS: Mapping[str, Callable[[str], list[str]]] = {
    "dns1123Label": _shaped(_LABEL, 63, _LABEL_ADVICE),
    "dns1123Subdomain": _shaped(rf"{_LABEL}(?:\.{_LABEL})*", 253, _SUBDOMAIN_ADVICE),
    "dns1035Label": _shaped(r"[a-z](?:[-a-z0-9]*[a-z0-9])?", 63, f"{_LABEL_ADVICE}, a letter first"),
    "qualifiedName": _qualified_name,
    "labelValue": _shaped(rf"(?:{_WORD})?", 63, _NAME_ADVICE),
    "uri": _reads(is_url, "must be an absolute URL or path"),
    "uuid": _shaped(r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", 36, "a UUID's digits"),
    "byte": _reads(lambda text: base64.b64decode(text, validate=True), "must be base64"),
    "date": _reads(
        lambda text: len(text) == 10 and date.fromisoformat(text), "must be a date such as 2006-01-02"
    ),
    "datetime": _reads(parse_timestamp, "must be a time such as 2006-01-02T15:04:05Z"),
}
FORMATS: Mapping[str, Callable[[str], list[str]]] = {
    **_CHECKS,
    **{
        f"{name}Prefix": _prefix(_CHECKS[name])
        for name in ("dns1123Label", "dns1123Subdomain", "dns1035Label")
    },
}


def _register(name: str) -> None:
    @function(f"format.{name}")
    def made() -> NamedFormat:
        return NamedFormat(name)


for _name in FORMATS:
    _register(_name)


@function("format.named", "string")
def named(name: str) -> Optional:
    """The format of that name, none if there is none."""
    return Optional(True, NamedFormat(name)) if name in FORMATS else NONE


@function("validate", "named_format", "string")
def validate(wanted: NamedFormat, text: str) -> Optional:
    """None if the text is of the format, else what is wrong with it."""
    return _validated(wanted.name, text)


@lru_cache(maxsize=TEXTS_KEPT_MAX)
def _validated(name: str, text: str) -> Optional:
    problems = FORMATS[name](text)
    return Optional(True, problems) if problems else NONE
