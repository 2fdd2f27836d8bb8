"""Knows the open values that a question ranges over: records, maps and lists made as far as they are looked
at.

A field, a key or a fact comes to exist when a rule asks for it; what no rule asks for cannot matter and
stays out of the query. `Inputs` is what the open values of one question share: what must be assumed of
them, how lists are bounded, and how they were used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.addresses import open_address
from kspec.runtime.symbolic.arithmetic import LIMITS
from kspec.runtime.symbolic.merge import make_number
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import (
    Opaque,
    SymBool,
    SymInt,
    SymIP,
    SymList,
    SymStr,
    Union,
    make_bool,
    symbolic_class,
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand at a place. `kind` is a scalar's name, list, map or record (`name` says which).

    `enum` lists the only strings; `low` and `high` bound an int; a `required` field is always present.
    """

    kind: str
    name: str = ""
    element: Shape | None = None
    enum: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Slots:
    """How an open list is made: of these constant strings, each there or not, and of `others` elements that
    are open.

    `complete` when every list would be told apart from these by no rule that was asked: see `OpenList`.
    """

    constants: tuple[str, ...] = ()
    others: int = 1


@dataclass(slots=True, eq=False)
class OpenList:
    """How one open list was used.

    An `exists` over the list holds for some list just when it holds for that list cut down to one witness
    for each `exists` that holds; `all`, `in` and emptiness are `exists` in other words. So as many slots
    as there are such questions lose nothing. Any other use (a size, an index, an order, equality) may tell
    longer lists apart: then the number of slots is a bound of the proof. So does a question inside a loop
    over the same list: how often it is asked grows with the list.

    A question is known by what it asks of each slot, not by the answer: different questions may have the
    same answer on a short list.
    """

    path: str
    slots: Slots
    elements: tuple[tuple[Term, object], ...] = ()
    questions: dict[object, None] = field(default_factory=dict)
    counted: bool = False  # used otherwise than by existential questions
    exists: Term = t.TRUE
    loops: int = 0  # so many loops over it are running

    def ask(self, question: object) -> None:
        self.questions[question] = None

    def enter(self) -> None:
        self.counted = self.counted or self.loops > 0
        self.loops += 1

    def leave(self) -> None:
        self.loops -= 1


class Inputs:
    """What the open values of one question share.

    `record_fields` gives the fields of a record type by name; `slots` how the list at a path is made
    (default: one element); `pins` the values of some variables by name, which are then known: strings by
    their paths, bools by theirs, and whether a field or an entry is there.
    """

    def __init__(
        self,
        record_fields: Callable[[str], Mapping[str, Shape]],
        slots: Mapping[str, Slots] | None = None,
        pins: Mapping[str, str | bool] | None = None,
    ) -> None:
        self.record_fields = record_fields
        self.pins = dict(pins or {})
        self.slots = dict(slots or {})
        self.lists: dict[str, OpenList] = {}
        self.facts: list[Term] = []
        """What holds of the open values by their making: to be assumed."""
        self.last: list[Callable[[], None]] = []
        """What adds facts once it is known which keys the question names."""
        self.keys: set[str] = set()
        """The keys that the question names, of whichever open map."""
        self._unnamed = ""

    def fact(self, term: Term) -> None:
        if term is not t.TRUE:
            self.facts.append(term)

    def close(self) -> None:
        """The question has been read: it names no other keys."""
        for add in self.last:
            add()

    def unnamed_key(self) -> str:
        """A key that the question does not name; the same one whenever it is asked for at the end."""
        if not self._unnamed:
            self._unnamed = "other"
            while self._unnamed in self.keys:
                self._unnamed += "-one"
        return self._unnamed

    def bool_term(self, name: str) -> Term:
        """The variable of this name, or its value."""
        value = self.pins.get(name)
        return t.truth(value) if isinstance(value, bool) else t.bool_var(name)

    def make(self, path: str, shape: Shape) -> object:
        """A value of this shape of which nothing is known yet."""
        match shape.kind:
            case "bool":
                return make_bool(self.bool_term(path))
            case "int" | "uint" | "quantity" | "timestamp" | "duration":
                low, high = LIMITS[shape.kind]
                low = low if shape.low is None else shape.low
                high = high if shape.high is None else shape.high
                term = t.number(low) if low == high else t.int_var(path, low, high)
                return make_number(shape.kind, term)
            case "string":
                pinned = self.pins.get(path)
                return pinned if isinstance(pinned, str) else self._make_string(path, shape)
            case "ip":
                address, fact = open_address(path)
                self.fact(fact)
                return address
            case "list":
                assert shape.element is not None
                return self._make_list(path, shape.element)
            case "map":
                assert shape.element is not None
                return OpenMap(self, path, shape.element)
            case "record":
                return OpenRecord(self, path, shape.name)
            case _:
                return Opaque(f"`{path}` is open and of type {shape.kind}")

    def _make_string(self, path: str, shape: Shape) -> object:
        term = t.text_var(path)
        if shape.enum:
            self.fact(t.any_of(t.eq(term, t.text(each)) for each in ("", *shape.enum)))
        return SymStr(term)

    def _make_list(self, path: str, element: Shape) -> object:
        slots = self.slots.get(path, Slots())
        made: list[tuple[Term, object]] = []
        if element.kind == "string":
            made = [(t.bool_var(f"{path} has {constant!r}"), constant) for constant in slots.constants]
        earlier = t.TRUE
        for index in range(slots.others):
            guard = t.bool_var(f"has {path}[{index}]")
            self.fact(t.implies(guard, earlier))
            made.append((guard, self.make(f"{path}[{index}]", element)))
            earlier = guard
        used = OpenList(path, slots, tuple(made))
        self.lists[path] = used
        return SymList(made, (used,))


@symbolic_class
class OpenRecord:
    """A record of a known type; `exists` says under which condition it is there at all (else it reads as
    empty).
    """

    __slots__ = ("exists", "inputs", "path", "presence", "type_name", "values")

    def __init__(self, inputs: Inputs, path: str, type_name: str, exists: Term = t.TRUE) -> None:
        self.inputs = inputs
        self.path = path
        self.type_name = type_name
        self.exists = exists
        self.presence: dict[str, Term] = {}
        self.values: dict[str, object] = {}

    def __repr__(self) -> str:
        return f"OpenRecord({self.path!r})"

    def shape_of(self, name: str) -> Shape | None:
        return self.inputs.record_fields(self.type_name).get(name)

    def get(self, name: str, zero: object) -> object:
        """The field, total: where it is absent it is zero, by what is assumed of it or as an alternative."""
        if name not in self.values:
            shape = self.shape_of(name)
            if shape is None:
                return zero
            path = f"{self.path}.{name}"
            if shape.kind == "record":
                value: object = OpenRecord(self.inputs, path, shape.name, self.has(name))
            else:
                value = self.inputs.make(path, shape)
            self.values[name] = value
            if shape.required and shape.enum and isinstance(value, SymStr):
                self.inputs.fact(t.implies(self.exists, t.not_(t.eq(value.term, t.text("")))))
            if name in self.presence or self.exists is not t.TRUE:
                limit(value, self.presence.get(name, self.exists), self.inputs)
        value = self.values[name]
        if isinstance(value, (SymIP, Opaque)):
            present = self.has(name)
            return value if present is t.TRUE else Union(((present, value), (t.not_(present), zero)))
        return value

    def has(self, name: str) -> Term:
        """Is the field present?"""
        if name not in self.presence:
            shape = self.shape_of(name)
            if shape is None:
                return t.FALSE
            pinned = bool(self.inputs.pins.get(f"{self.path}.{name}"))
            if shape.required or pinned:
                self.presence[name] = self.exists
                self.inputs.fact(t.or_(self.exists, t.truth(not pinned)))
                return self.exists
            present = self.presence[name] = self.inputs.bool_term(f"has {self.path}.{name}")
            self.inputs.fact(t.implies(present, self.exists))
            if name in self.values:
                limit(self.values[name], present, self.inputs)
        return self.presence[name]


@symbolic_class
class OpenMap:
    """A map from strings of which only the keys that a rule names are made; whether it has others is not
    asked. `told` is called with every new key, for the maps that it was compared with.
    """

    __slots__ = ("element", "entries", "exists", "inputs", "path", "told")

    def __init__(self, inputs: Inputs, path: str, element: Shape) -> None:
        self.inputs = inputs
        self.path = path
        self.element = element
        self.exists = t.TRUE
        self.entries: dict[str, tuple[Term, object]] = {}
        self.told: list[Callable[[str], None]] = []

    def __repr__(self) -> str:
        return f"OpenMap({self.path!r})"

    def entry(self, key: str) -> tuple[Term, object]:
        """(is the key there, its value if so)."""
        if key not in self.entries:
            self.inputs.keys.add(key)
            place = f'{self.path}["{key}"]'
            presence = self.inputs.bool_term(f"has {place}")
            self.inputs.fact(t.implies(presence, self.exists))
            self.entries[key] = (presence, self.inputs.make(place, self.element))
            for tell in tuple(self.told):
                tell(key)
        return self.entries[key]

    def limit(self, exists: Term) -> None:
        self.exists = exists
        for presence, _ in self.entries.values():
            self.inputs.fact(t.implies(presence, exists))


def limit(value: object, exists: Term, inputs: Inputs) -> None:
    """Assume that the value is its type's zero where `exists` does not hold."""
    match value:
        case OpenMap():
            value.limit(exists)
        case SymBool(term):
            inputs.fact(t.implies(term, exists))
        case SymInt(term, _):
            inputs.fact(t.or_(exists, t.eq(term, t.number(0))))
        case SymStr(term):
            inputs.fact(t.or_(exists, t.eq(term, t.text(""))))
        case bool() | str():  # pinned
            inputs.fact(t.or_(exists, t.truth(not value)))
        case SymList():
            for guard, _ in value.items:
                inputs.fact(t.implies(guard, exists))
        case _:  # a record is made with its own condition; an address or an opaque value is null if absent
            pass
