"""Knows the ends of connections column by column, so that one part of a policy is asked once for all ends
that it cannot tell apart.

A rule compares what an end has (labels, namespace, address) with constants, most of them the policy's. So
for one part of a policy, ends are alike that have the same of what the part's own texts mention. A set of
ends is the bits of an int.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import compress, count
from typing import Any

from kspec.runtime.values import EvalError
from kspec.verify.network.addresses import AddressCells, range_of

End = dict[str, Any]
Groups = dict[str, dict[str, int]]


def bits_of(indices: Iterable[int]) -> int:
    """The set of these indices."""
    its = list(indices)
    if len(its) < FEW:
        return sum(1 << index for index in set(its))
    text = bytearray(b"0" * (max(its) + 1))
    for index in its:
        text[-1 - index] = ord("1")
    return int(text.decode(), 2)


FEW = 16


def members(bits: int) -> Iterator[int]:
    """The indices in a set, ascending."""
    return compress(count(), digits(bits))


def digits(bits: int) -> bytes:
    """The set as a byte for each index, 1 where it is in."""
    return bin(bits)[:1:-1].encode().translate(_DIGITS)


_DIGITS = bytes(each == ord("1") for each in range(256))


def first_member(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def texts_in(value: object) -> set[str]:
    """Every string in a value, keys of maps included."""
    found: set[str] = set()
    todo = [value]
    while todo:
        each = todo.pop()
        kind = type(each)  # in this loop the exact type is much the quickest to ask
        if kind is str:
            found.add(each)  # type: ignore[arg-type]
        elif kind is list or kind is tuple:
            todo.extend(each)  # type: ignore[arg-type]
        elif kind is dict or (kind not in _BARE and isinstance(each, Mapping)):
            found.update(each)  # type: ignore[arg-type]
            todo.extend(each.values())  # type: ignore[attr-defined]
    return found


_BARE = {int, bool, float, type(None)}


class Columns:
    """Ends by what they have. `manifests` are the labels of namespaces that have a manifest, by name."""

    def __init__(
        self, ends: Sequence[End], cells: AddressCells, manifests: Mapping[str, Mapping[str, str]]
    ) -> None:
        self.ends = ends
        self.all = (1 << len(ends)) - 1
        self.cells = cells
        self.sorts: dict[tuple[object, ...], int] = {}
        self.addressed = 0
        self.namespaces: dict[str, int] = {}
        self.labels: list[Groups] = [{}, {}, {}]
        at_cell = [0] * cells.count
        for index, end in enumerate(ends):
            bit = 1 << index
            namespace = end.get("namespace") or ""
            manifest = manifests.get(namespace)
            sort = (*flags(end), manifest is None)
            self.sorts[sort] = self.sorts.get(sort, 0) | bit
            self.namespaces[namespace] = self.namespaces.get(namespace, 0) | bit
            for groups, its in zip(
                self.labels, (end.get("labels"), end.get("namespaceLabels"), manifest), strict=True
            ):
                for key, value in (its or {}).items():
                    values = groups.setdefault(key, {})
                    values[value] = values.get(value, 0) | bit
            address = end.get("address")
            if address is not None:
                self.addressed |= bit
                at_cell[cells.cell_of(address)] |= bit
        self.keyed = [{key: _union(values.values()) for key, values in g.items()} for g in self.labels]
        self.before = [0]  # the ends with an address in one of the first n cells
        for its_bits in at_cell:
            self.before.append(self.before[-1] | its_bits)

    def alike(self, texts: set[str]) -> list[int]:
        """A partition of all ends: those in one set have the same of what the texts mention."""
        found = list(self.sorts.values())
        named = [self.namespaces[text] for text in texts if text in self.namespaces]
        if named:
            found = split(found, named)
        for groups, keyed in zip(self.labels, self.keyed, strict=True):
            for key in texts:
                values = groups.get(key)
                if values is not None:
                    found = split(found, [*(values[t] for t in texts if t in values), keyed[key]])
        cuts = [within for text in texts if (within := range_of(text)) is not None]
        for first, last in cuts:
            begin, end = self.cells.cells_in(first, last)
            found = split(found, [self.before[end] & ~self.before[begin]])
        return found

    def asked(self, texts: set[str], question: Callable[[End], object]) -> tuple[int, int]:
        """The ends for which the answer is yes, and those for which there is none (it is undetermined)."""
        yes = unclear = 0
        for region in self.alike(texts):
            answer = answered(question, self.ends[first_member(region)])
            if answer is None:
                unclear |= region
            elif answer:
                yes |= region
        return yes, unclear


def flags(end: End) -> tuple[object, ...]:
    """What is yes or no about an end, or there or not."""
    is_true = tuple(sorted(name for name, value in end.items() if value is True))
    return (*is_true, end.get("address") is not None, end.get("namespaceLabels") is not None)


def answered(question: Callable[[End], object], end: End) -> bool | None:
    try:
        return question(end) is True
    except EvalError:
        return None


def split(regions: list[int], by: Sequence[int]) -> list[int]:
    """Each region cut by sets, the first that holds an end counts; empty ones are left out."""
    found = []
    for region in regions:
        rest = region
        for each in by:
            part = rest & each
            if part:
                found.append(part)
                rest ^= part
                if not rest:
                    break
        if rest:
            found.append(rest)
    return found


def _union(sets: Iterable[int]) -> int:
    found = 0
    for each in sets:
        found |= each
    return found
