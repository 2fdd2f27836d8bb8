"""Knows the parts of an object that the machinery itself reads: its identity, its owners, its deletion.

Objects are decoded dicts in API shape and are never changed once made: each function here returns a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

Object: TypeAlias = dict[str, Any]

SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
SUFFIX_LENGTH = 5
GENERATED_NAME_MAX = 63


class Key(NamedTuple):
    """Which object: its record type (`core.Pod`), namespace ("" for a cluster-scoped one) and name."""

    record: str
    namespace: str
    name: str

    def __str__(self) -> str:
        kind = self.record.rpartition(".")[2]
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


def metadata(obj: Mapping[str, Any]) -> Object:
    return obj.get("metadata") or {}


def name_of(obj: Mapping[str, Any]) -> str:
    return str(metadata(obj).get("name", ""))


def namespace_of(obj: Mapping[str, Any]) -> str:
    return str(metadata(obj).get("namespace", ""))


def uid_of(obj: Mapping[str, Any]) -> str:
    return str(metadata(obj).get("uid", ""))


def revision_of(obj: Mapping[str, Any]) -> int:
    """The object's resourceVersion as a number; 0 if it has none."""
    text = metadata(obj).get("resourceVersion", "")
    return int(text) if text else 0


def key_of(record: str, obj: Mapping[str, Any]) -> Key:
    return Key(record, namespace_of(obj), name_of(obj))


def is_deleting(obj: Mapping[str, Any]) -> bool:
    return metadata(obj).get("deletionTimestamp") is not None


def finalizers(obj: Mapping[str, Any]) -> list[str]:
    return list(metadata(obj).get("finalizers") or ())


def owner_references(obj: Mapping[str, Any]) -> list[Object]:
    return list(metadata(obj).get("ownerReferences") or ())


def controller_of(obj: Mapping[str, Any]) -> Object | None:
    """The owner reference that has `controller: true`, if any."""
    for reference in metadata(obj).get("ownerReferences") or ():
        if reference.get("controller"):
            return dict(reference)
    return None


def with_metadata(obj: Mapping[str, Any], **fields: object) -> Object:
    """The object with these metadata fields; None takes one away."""
    changed = {**metadata(obj), **fields}
    return {**obj, "metadata": {k: v for k, v in changed.items() if v is not None}}


def without(obj: Mapping[str, Any], *fields: str) -> Object:
    return {k: v for k, v in obj.items() if k not in fields}


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386 on decoded values: null removes, maps merge, all else replaces. Unchanged parts are shared."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = merge_patch(result.get(name), value)
        else:
            result[name] = value
    return result


def generated_name(base: str, number: int, taken: Callable[[str], bool]) -> tuple[str, int]:
    """A name for `generateName`, and the number to go on with: the same base and number give the same name.

    The suffix looks like the API's own (five letters and digits that make no words) but is not random.
    """
    base = base[: GENERATED_NAME_MAX - SUFFIX_LENGTH]
    while True:
        name = base + _suffix(f"{base}\0{number}")
        number += 1
        if not taken(name):
            return name, number


def _suffix(text: str) -> str:
    drawn = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    letters = []
    for _ in range(SUFFIX_LENGTH):
        drawn, at = divmod(drawn, len(SUFFIX_ALPHABET))
        letters.append(SUFFIX_ALPHABET[at])
    return "".join(letters)


def generated_uid(key: Key, incarnation: int) -> str:
    """A uid that depends on which object it is and on how many of that name there were before it."""
    digest = hashlib.sha256("\0".join((*key, str(incarnation))).encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def canonical(value: Any) -> Any:
    """A hashable value that is equal for equal values and whose `repr` is the same in every process."""
    if isinstance(value, dict):
        return tuple(sorted(((str(k), canonical(v)) for k, v in value.items()), key=lambda e: e[0]))
    if isinstance(value, (list, tuple)):
        return (None, *(canonical(v) for v in value))
    if isinstance(value, bool):
        return ("bool", value)  # True == 1, yet they are two values
    return value


def digest_of(parts: Iterable[object]) -> str:
    """A short digest of the printed parts; for traces and states, never for secrets."""
    h = hashlib.sha256()
    for part in parts:
        h.update(repr(part).encode())
        h.update(b"\n")
    return h.hexdigest()
