"""Knows URLs, as Kubernetes' CEL library for them does (Go's url.ParseRequestURI)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kspec.runtime.registry import function, value_type
from kspec.runtime.values import EvalError

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*"
_HOST = r"(\[[0-9A-Fa-f:.]+(?:%25[^\]]+)?\]|[^\[\]:/@?#\s<>\"\\^`{|}]*)(?::(\d*))?"
_USER = r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*"
_BAD_ESCAPE = r"%(?![0-9A-Fa-f]{2})"
"""Compiled where they are used, which is seldom."""
_PATH_SAFE = "/:@!$&'()*+,;=~-._%[]"


@value_type("url", "kubernetes.URL")
@dataclass(frozen=True, slots=True)
class URL:
    """A URL in its parts, as written; `host` has the port."""

    scheme: str
    host: str
    path: str
    query: str
    text: str

    def __str__(self) -> str:
        return self.text


def _parse(text: str) -> URL | None:
    """An absolute URL, or an absolute path. A `#` is part of the path."""
    if not text or any(c < " " or c == "\x7f" for c in text):
        return None
    before_query, _, query = text.partition("?")
    scheme, colon, rest = before_query.partition(":")
    if not colon or not re.fullmatch(_SCHEME, scheme):
        scheme, rest = "", before_query
    if not rest.startswith("/"):
        return None
    host, path = "", rest
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, tail = rest[2:].partition("/")
        user, _, host = authority.rpartition("@")
        path = slash + tail
        if (
            not re.fullmatch(_HOST, host, re.ASCII)
            or not re.fullmatch(_USER, user)
            or re.search(_BAD_ESCAPE, host)
        ):
            return None
    if re.search(_BAD_ESCAPE, path):
        return None
    return URL(scheme.lower(), host, path, query, text)


@function("url", "string")
def parse_url(text: str) -> URL:
    found = _parse(text)
    if found is None:
        raise EvalError("invalid_argument", f"`{text}` is not an absolute URL or path")
    return found


@function("isURL", "string")
def is_url(text: str) -> bool:
    return _parse(text) is not None


@function("string", "url")
def show(value: URL) -> str:
    return value.text


@function("getScheme", "url")
def get_scheme(value: URL) -> str:
    return value.scheme


@function("getHost", "url")
def get_host(value: URL) -> str:
    return value.host


def _host_parts(value: URL) -> tuple[str, str]:
    found = re.fullmatch(_HOST, value.host, re.ASCII)
    assert found is not None
    return found[1].removeprefix("[").removesuffix("]"), found[2] or ""


@function("getHostname", "url")
def get_hostname(value: URL) -> str:
    return _host_parts(value)[0]


@function("getPort", "url")
def get_port(value: URL) -> str:
    return _host_parts(value)[1]


@function("getEscapedPath", "url")
def get_escaped_path(value: URL) -> str:
    from urllib.parse import quote  # here: few expressions need it

    return quote(value.path, safe=_PATH_SAFE)


@function("getQuery", "url")
def get_query(value: URL) -> dict[str, list[str]]:
    """The values of each key, in order; malformed pairs are left out."""
    from urllib.parse import unquote_plus

    made: dict[str, list[str]] = {}
    for pair in value.query.split("&"):
        if not pair or ";" in pair or re.search(_BAD_ESCAPE, pair):
            continue
        key, _, item = pair.partition("=")
        made.setdefault(unquote_plus(key), []).append(unquote_plus(item))
    return made
