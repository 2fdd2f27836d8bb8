"""Knows how the first free block of a supply is found, and that no two objects of a group are given the same.

What draws from what, what is held already and where a block is written is for the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kspec.model.cluster import PARAM
from kspec.model.objects import Key, Object, key_of, merge_patch
from kspec.model.rules import RuleSet, call_function, has_param
from kspec.runtime.ip import CIDR, IP, is_cidr, is_ip, parse_cidr, parse_ip
from kspec.runtime.rulebook import CompiledRule

NUMBERS, NUMBER_BITS = 0, 32
"""The family of plain numbers, beside those of addresses, and how wide they are."""
_WIDTH = {NUMBERS: NUMBER_BITS, 4: 32, 6: 128}


@dataclass(frozen=True, slots=True)
class Block:
    """All numbers of a family that begin with these `bits` bits; `number` is the first of them."""

    family: int
    number: int
    bits: int

    def __str__(self) -> str:
        if self.family == NUMBERS:
            return str(self.number)
        address = IP(self.family, self.number)
        return str(address if self.bits == _WIDTH[self.family] else CIDR(address, self.bits))


def block_of(text: str) -> Block | None:
    """What an address, a CIDR or a number stands for."""
    if is_ip(text):
        address = parse_ip(text)
        return Block(address.version, address.number, _WIDTH[address.version])
    if is_cidr(text):
        cidr = parse_cidr(text)
        return Block(cidr.address.version, cidr.first, cidr.bits)
    return Block(NUMBERS, int(text), NUMBER_BITS) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else None


class Taken:
    """The blocks that a group has given away or found held. Whether another overlaps them costs as much as
    there are different sizes, however many blocks there are.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], set[int]] = {}
        self._within: dict[tuple[int, int], set[int]] = {}

    def add(self, block: Block) -> None:
        self._held.setdefault((block.family, block.bits), set()).add(_prefix(block, block.bits))
        for (family, bits), prefixes in self._within.items():
            if family == block.family and bits < block.bits:
                prefixes.add(_prefix(block, bits))

    def overlaps(self, block: Block) -> bool:
        """Is any number of the block in one that is held?"""
        for (family, bits), prefixes in self._held.items():
            if family == block.family and bits <= block.bits and _prefix(block, bits) in prefixes:
                return True
        return _prefix(block, block.bits) in self._inside(block.family, block.bits)

    def _inside(self, family: int, bits: int) -> set[int]:
        """The prefixes of this length in which smaller blocks are held."""
        found = self._within.get((family, bits))
        if found is None:
            found = self._within[family, bits] = {
                prefix >> (held - bits)
                for (its, held), prefixes in self._held.items()
                if its == family and held > bits
                for prefix in prefixes
            }
        return found


def _prefix(block: Block, bits: int) -> int:
    return block.number >> (_WIDTH[block.family] - bits)


class Supply:
    """Gives its free blocks in order, each once; one that is shared gives everyone the first."""

    def __init__(self, told: Mapping[str, Any], taken: Taken) -> None:
        self._taken = taken
        self._shared = bool(told.get("shared"))
        self._spans = told.get("spans") or ()
        self._left = (block for span in told.get("spans") or () for block in _blocks(span))

    def draw(self) -> Block | None:
        """The next free block; None if there is none left. Nothing comes back, so none is asked twice."""
        if self._shared:
            return next((block for span in self._spans for block in _blocks(span)), None)
        for block in self._left:
            if not self._taken.overlaps(block):
                self._taken.add(block)
                return block
        return None


def _blocks(span: Mapping[str, Any]) -> Iterable[Block]:
    family, first, last, bits = _bounds(span)
    size = 1 << (_WIDTH[family] - bits)
    count = (last - first + 1) // size
    start, end = (n + count if n < 0 else n for n in (span["from"], span["to"]))
    for place in range(start, min(end, count - 1) + 1):
        yield Block(family, first + place * size, bits)


def _bounds(span: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """Family, first and last number of a span's range, and how many bits its blocks have."""
    text = str(span["range"])
    if is_cidr(text):
        cidr = parse_cidr(text)
        return cidr.address.version, cidr.first, cidr.last, span.get("bits") or _WIDTH[cidr.address.version]
    low, _, high = text.partition("-")
    return NUMBERS, int(low), int(high), NUMBER_BITS


# ---------------------------------------------------------------- objects


@dataclass(frozen=True, slots=True)
class Given:
    """What one object was given, by the keys of its draws, and as it is with that; `short` names the
    supplies that had nothing left, or that there are none of, and `shortage` says what that comes to.
    """

    key: Key
    object: Object
    drawn: Mapping[str, str]
    short: tuple[str, ...] = ()
    shortage: str = ""


@dataclass
class Supplies:
    """All supplies of a cluster, as objects bring them and draw from them."""

    rules: RuleSet
    cluster: Mapping[str, Any] = field(default_factory=dict)
    """What rules see of the cluster: what is said of it, and objects that no block is drawn for."""
    _taken: dict[str, Taken] = field(default_factory=dict)
    _supplies: dict[str, Supply] = field(default_factory=dict)

    def records(self) -> list[str]:
        """The types whose objects draw, or bring something to draw from, in their order."""
        return list(self._ask("drawing"))

    def give(self, objects: Mapping[str, Sequence[Object]]) -> list[Given]:
        """Gives the objects, by record type and in order, what they lack. What any holds is taken first."""
        order = self.records()
        self._hold(self._ask("clusterHolds"))
        self._offer(self._ask("clusterSupplies"))
        for record in order:
            for obj in objects.get(record) or ():
                self._hold(self._ask_of("heldBy", record, obj))
        given = []
        for record in order:
            for obj in objects.get(record) or ():
                one = self._give(record, obj)
                if one is not None:
                    given.append(one)
                self._offer(self._ask_of("suppliesOf", record, one.object if one else obj))
        return given

    def _give(self, record: str, obj: Object) -> Given | None:
        draws = self._ask_of("drawsOf", record, obj)
        if not draws:
            return None
        drawn, short = {}, []
        for draw in draws:
            supply = self._supplies.get(draw["supply"])
            block = supply.draw() if supply is not None else None
            if block is not None:
                drawn[str(draw["key"])] = str(block)
            elif supply is not None or not draw.get("mayLack"):
                short.append(str(draw["supply"]))
        if drawn and not short:
            obj = merge_patch(obj, _said(self._ask_of("withDrawn", record, obj, drawn)))
        told = str(self._ask_of("shortageOf", record, obj, short[0])) if short else ""
        return Given(key_of(record, obj), obj, drawn, tuple(short), told) if drawn or short else None

    def _hold(self, holds: Iterable[Mapping[str, Any]]) -> None:
        for hold in holds:
            block = block_of(str(hold["block"]))
            if block is not None and hold.get("place"):
                block = Block(block.family, block.number + int(hold["place"]), _WIDTH[block.family])
            if block is not None:
                self._group(str(hold["group"])).add(block)

    def _offer(self, supplies: Iterable[Mapping[str, Any]]) -> None:
        for told in supplies:
            self._supplies[str(told["name"])] = Supply(told, self._group(str(told["group"])))

    def _group(self, name: str) -> Taken:
        return self._taken.setdefault(name, Taken())

    def _ask(self, name: str) -> Any:
        return self._call(self.rules.function(f"nodes/{name}"))

    def _ask_of(self, name: str, record: str, *args: object) -> Any:
        rule = self.rules.function_about(name, record)
        return self._call(rule, *args) if rule is not None else ()

    def _call(self, rule: CompiledRule, *args: object) -> Any:
        return call_function(rule, *args, *([self.cluster] if has_param(rule, PARAM) else []))


def _said(value: Any) -> Any:
    """The value without absent fields: a merge patch would take them away."""
    if isinstance(value, dict):
        return {k: _said(v) for k, v in value.items() if v is not None}
    return [_said(v) for v in value] if isinstance(value, (list, tuple)) else value
