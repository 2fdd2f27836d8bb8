"""What kspec says on the command line, made into answers to single questions."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from oracle.access import Asked
from oracle.network import Address, End
from support.command_line import Ran

Kspec = Callable[..., Ran]


def written(path: Path, objects: Iterable[Mapping[str, Any]]) -> Path:
    """A file of manifests; JSON is YAML."""
    path.write_text("\n---\n".join(json.dumps(o) for o in objects))
    return path


# ---- the network


def connections(document: Mapping[str, Any], source: End, target: End, protocol: str, port: int) -> str:
    """Of `kspec connect --by pod`: open, undetermined or shut."""
    found = {
        word
        for group in document["groups"]
        if _is_in(source, group["from"], group["fromOutside"])
        and _is_in(target, group["to"], group["toOutside"])
        for word in ("open", "undetermined")
        for low, high in group[word].get(protocol, ())
        if low <= port <= high
    }
    assert len(found) < 2, "one answer for one connection"
    return found.pop() if found else "shut"


def _is_in(end: End, pods: Sequence[str], ranges: Sequence[str]) -> bool:
    if not end.outside:
        return end.id in pods
    assert end.address is not None
    return any(_holds(text, end.address) for text in ranges)


def _holds(text: str, address: Address) -> bool:
    if text == "outside":
        return True
    low, _, high = text.partition("-")
    if high:
        first, last = ipaddress.ip_address(low), ipaddress.ip_address(high)
        return first.version == address.version and int(first) <= int(address) <= int(last)
    return address in ipaddress.ip_network(text)


# ---- access


def spelt(asked: Asked) -> list[str]:
    """A request as the words of a command."""
    if asked.path:
        return [asked.verb, asked.path]
    group, sub = (
        f".{asked.group}" if asked.group else "",
        f"/{asked.subresource}" if asked.subresource else "",
    )
    space = ["-n", asked.namespace] if asked.namespace else []
    return [asked.verb, f"{asked.resource}{group}{sub}", *([asked.name] if asked.name else []), *space]


def has_right(document: Mapping[str, Any], asked: Asked) -> bool:
    """Of `kspec access`: is this among the rights?"""
    return any(
        _covers(right, asked)
        for scope in document["scopes"]
        if scope["namespace"] in ("", asked.namespace)
        for right in scope["rights"]
    )


def _covers(right: Mapping[str, Any], asked: Asked) -> bool:
    if not {"*", asked.verb} & set(right["verbs"]):
        return False
    if asked.path:
        return any(
            u in ("*", asked.path) or (u.endswith("*") and asked.path.startswith(u.rstrip("*")))
            for u in right.get("paths") or ()
        )
    if right.get("names") and asked.name not in right["names"]:
        return False
    for text in right.get("resources") or ():
        resource, _, sub = text.partition("/")
        name, _, group = resource.partition(".")
        wanted = [(asked.resource, asked.subresource), ("*", "")]
        wanted += [("*", asked.subresource)] if asked.subresource else []
        if group in ("*", asked.group) and (name, sub) in wanted:
            return True
    return False
