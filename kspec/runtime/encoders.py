"""Knows base64 and base32, and the hashes that rules make names of."""

from __future__ import annotations

import base64
import binascii

from kspec.runtime.equality import from_key
from kspec.runtime.registry import function
from kspec.runtime.values import Duration, EvalError, Optional, Quantity, Timestamp, TypeValue, UInt


@function("base64.encode", "bytes")
def base64_encode(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


@function("base64.decode", "string")
def base64_decode(text: str) -> bytes:
    """Standard base64; the padding may be left out."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise EvalError("invalid_argument", "this is not base64") from None


@function("base32.encode", "bytes")
def base32_encode(value: bytes) -> str:
    return base64.b32encode(value).decode("ascii")


@function("sha256", "string")
def sha256(text: str) -> bytes:
    """The SHA-256 digest of a text's UTF-8."""
    from hashlib import sha256 as digest

    return digest(text.encode("utf-8", "surrogatepass")).digest()


FNV_OFFSET, FNV_PRIME = 2166136261, 16777619


@function("hash", "any")
def hash_value(value: object) -> int:
    """FNV-1a, 32 bits, over a dump that equal values share: the order of a map's entries does not matter.

    kspec's own: upstream hashes a dump that only Go can make, so only equality of hashes has a meaning.
    """
    result = FNV_OFFSET
    for byte in dump(value).encode("utf-8", "surrogatepass"):
        result = (result ^ byte) * FNV_PRIME % 2**32
    return result


def dump(value: object) -> str:
    """A text that is the same for equal values only."""
    match value:
        case None | bool():
            return f"{value}"
        case float() if value.is_integer():
            return f"{int(value)}"
        case int() | UInt():
            return f"{int(value)}"
        case str():
            return f"{len(value)}:{value}"
        case list() | tuple():
            return f"[{','.join(map(dump, value))}]"
        case dict():
            return f"{{{','.join(sorted(f'{dump(from_key(k))}={dump(v)}' for k, v in value.items()))}}}"
        case Optional(present, held):
            return f"optional({dump(held) if present else ''})"
        case Timestamp(nanos) | Duration(nanos) | Quantity(nanos):
            return f"{type(value).__name__}({nanos})"
        case TypeValue(name):
            return f"type({name})"
        case _:
            return repr(value)
