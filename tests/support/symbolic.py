"""What tests of the symbolic reading share: values with parts left open, and what an outcome comes to in
a model.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from kspec.runtime.ip import IP
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.merge import merge
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import (
    NOTHING,
    Opaque,
    Partial,
    SymBool,
    SymInt,
    SymIP,
    SymList,
    SymMap,
    SymOptional,
    SymRecord,
    SymStr,
    Union,
)
from kspec.runtime.values import Duration, EvalError, Optional, Quantity, Timestamp, UInt
from kspec.solve.places import Model, concrete

Choose = Callable[[int], int]
"""A number below the one given: how a test decides what to leave open."""

_KINDS = {int: "int", UInt: "uint", Quantity: "quantity", Timestamp: "timestamp", Duration: "duration"}


class Lifter:
    """Leaves parts of ordinary values open, and remembers in `model` which values they had."""

    def __init__(self, choose: Choose) -> None:
        self.choose = choose
        self.model = Model()
        self.made = 0

    def name(self) -> str:
        self.made += 1
        return f"x{self.made}"

    def guard(self, held: bool) -> Term:
        """A condition that has this value in the model."""
        if self.choose(3) == 0:
            return t.truth(held)
        variable = t.bool_var(self.name())
        if self.choose(2):
            self.model[variable] = held
            return variable
        self.model[variable] = not held
        return t.not_(variable)

    def lift(self, value: object) -> object:
        """The value, or one that is it in the model."""
        if self.choose(4) == 0:
            return value
        lifted = self._lift(value)
        if self.choose(6) == 0 and not isinstance(lifted, Union):
            decoy = (None, 1, "a", [], {}, False)[self.choose(6)]
            here = self.guard(True)
            if here.op != "const":
                return merge([(here, lifted), (t.not_(here), decoy)])
        return lifted

    def _lift(self, value: object) -> object:
        if isinstance(value, bool):
            return SymBool(self._set(t.bool_var(self.name()), value))
        kind = _KINDS.get(type(value))
        if kind is not None:
            number = value if isinstance(value, int) else value.nanos  # type: ignore[attr-defined]
            margin = (0, 1, 100, 2**65)[self.choose(4)]
            low = max(0, number - margin) if kind == "uint" else number - margin
            return SymInt(self._set(t.int_var(self.name(), low, number + margin + 1), int(number)), kind)
        if isinstance(value, str):
            return SymStr(self._set(t.text_var(self.name()), value))
        if isinstance(value, IP):
            v6, number = t.bool_var(self.name()), t.int_var(self.name(), 0, 2**128 - 1)
            return SymIP(self._set(v6, value.version == 6), self._set(number, value.number))
        if isinstance(value, list | tuple):
            return SymList(self._elements(list(value)))
        if isinstance(value, dict):
            entries = {key: (self.guard(True), self.lift(each)) for key, each in value.items()}
            if self.choose(3) == 0:
                entries.setdefault("decoy", (self.guard(False), "absent"))
            if all(
                isinstance(key, str) and each is not None for key, (_, each) in entries.items()
            ) and self.choose(2):
                return SymRecord(entries)  # type: ignore[arg-type]
            return SymMap(entries)
        if isinstance(value, Optional):
            return SymOptional(self.guard(value.present), self.lift(value.value))
        return value

    def _elements(self, values: list[object]) -> list[tuple[Term, object]]:
        made: list[tuple[Term, object]] = []
        for value in values:
            if self.choose(4) == 0:
                made.append((self.guard(False), value))
            made.append((self.guard(True), self.lift(value)))
        return made

    def _set(self, variable: Term, value: object) -> Term:
        self.model[variable] = value
        return variable


def outcome_in(outcome: object, model: Model) -> tuple[str, object]:
    """("value", it), ("error", its code) or ("unsupported", why); checks that guards exclude each other."""
    value = outcome
    if isinstance(outcome, Partial):
        held = [why for why, guard in outcome.errors if model.holds(guard)]
        assert len(held) <= 1, f"two errors at once: {held}"
        if held:
            return ("unsupported", held[0].message) if held[0].unsupported else ("error", held[0].code)
        value = outcome.value
    assert value is not NOTHING, "neither a value nor an error"
    if has_opaque(value, model):
        return ("unsupported", "opaque")
    return ("value", concrete(value, model))


def has_opaque(value: object, model: Model) -> bool:
    """Is some part of the value, in the model, not known? Checks on the way that one alternative holds,
    and only one.
    """
    match value:
        case Opaque():
            return True
        case Union():
            held = [each for guard, each in value.alternatives if model.holds(guard)]
            assert len(held) == 1, f"{len(held)} alternatives at once: {value}"
            return has_opaque(held[0], model)
        case SymList():
            return any(has_opaque(each, model) for guard, each in value.items if model.holds(guard))
        case SymMap():
            return any(
                has_opaque(each, model) for guard, each in value.entries.values() if model.holds(guard)
            )
        case SymRecord():
            own = any(has_opaque(each, model) for guard, each in value.fields.values() if model.holds(guard))
            return own or has_opaque(value.base, model)
        case SymOptional(present, each):
            return model.holds(present) and has_opaque(each, model)
        case _:
            return False


def exactly(value: object) -> object:
    """Two values are the same exactly if these are equal: types count, the order of a map does not."""
    if isinstance(value, list | tuple):
        return ("list", tuple(map(exactly, value)))
    if isinstance(value, dict):
        return ("map", frozenset((exactly(k), exactly(v)) for k, v in value.items()))
    if isinstance(value, Optional):
        return ("optional", value.present, exactly(value.value))
    if isinstance(value, float):
        return ("double", "nan") if math.isnan(value) else ("double", value, math.copysign(1.0, value))
    return (type(value).__name__, value)


def outcome(function: Callable[[], object]) -> tuple[str, object]:
    """The value, exactly, or the code of the error."""
    try:
        return ("value", exactly(function()))
    except EvalError as error:
        return ("error", error.code)
