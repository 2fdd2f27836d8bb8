"""Knows URLs, as Kubernetes' CEL library for them does (Go's url.ParseRequestURI)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

from kspec.runtime.registry import function, value_type
from kspec.runtime.values import EvalError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*", re.ASCII)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+(?:%25[^\]]+)?\]|[^\[\]:/@?#\s<>\"\\^`{|}]*)(?::(\d*))?", re.ASCII)
_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*", re.ASCII)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
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
    if not colon or not _SCHEME.fullmatch(scheme):
        scheme, rest = "", before_query
    if not rest.startswith("/"):
        return None
    host, path = "", rest
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, tail = rest[2:].partition("/")
        user, _, host = authority.rpartition("@")
        path = slash + tail
        if not _HOST.fullmatch(host) or not _USER.fullmatch(user) or _BAD_ESCAPE.search(host):
            return None
    if _BAD_ESCAPE.search(path):
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
    found = _HOST.fullmatch(value.host)
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
    return quote(value.path, safe=_PATH_SAFE)


@function("getQuery", "url")
def get_query(value: URL) -> dict[str, list[str]]:
    """The values of each key, in order; malformed pairs are left out."""
    made: dict[str, list[str]] = {}
    for pair in value.query.split("&"):
        if not pair or ";" in pair or _BAD_ESCAPE.search(pair):
            continue
        key, _, item = pair.partition("=")
        made.setdefault(unquote_plus(key), []).append(unquote_plus(item))
    return made
