"""Knows the options that the rules leave to the user, what was said of them, and which a verdict rested on.

An option is a field of the record of an area's options, and a rule of the same name, which has its default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kspec.ir.nodes import Apply, Expr, Rule
from kspec.ir.types import BOOL, INT, STRING, Record, Type, TypeTable, show
from kspec.ir.walk import subexpressions
from kspec.runtime.rulebook import load_rulebook
from kspec.source import Diagnostic, DiagnosticError

BAD_OPTION = "KS1930"
OPTIONS, FIELD = "Options", "options"
EXAMPLE = "network.ipBlocksMatchPods=false"


@dataclass(frozen=True, slots=True)
class Choice:
    """`network.ipBlocksMatchPods`: its type, what it is unless it is said, and what it means."""

    area: str
    name: str
    type: Type
    default: object
    doc: str

    @property
    def full_name(self) -> str:
        return f"{self.area}.{self.name}"


def choices(table: TypeTable) -> Iterator[Choice]:
    """All options, by area, in the order in which they are declared."""
    areas = table.record(OPTIONS)
    book = load_rulebook()
    for area in areas.fields.values() if areas else ():
        record = table.record(area.type.name) if isinstance(area.type, Record) else None
        for field in record.fields.values() if record else ():
            rule = book.get(f"{area.name}/{field.name}")
            assert rule is not None, f"no rule has the default of {area.name}.{field.name}"
            yield Choice(area.name, field.name, field.type, rule.fn({}), " ".join(rule.doc.split()))


def read_choices(texts: Iterable[str], table: TypeTable) -> dict[str, dict[str, object]]:
    """`network.ipBlocksMatchPods=false` each, by area and name. DiagnosticError for what is none."""
    known = {c.full_name: c for c in choices(table)}
    found: dict[str, dict[str, object]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise _mistake(f"`--option {text}` is not NAME=VALUE", f"for example: --option {EXAMPLE}")
        choice = _known(name, known)
        found.setdefault(choice.area, {})[choice.name] = _value(choice, value)
    return found


def checked_choices(given: object, table: TypeTable) -> dict[str, dict[str, object]]:
    """What a `cluster` block says under `options`, by area and name."""
    known = {c.full_name: c for c in choices(table)}
    found: dict[str, dict[str, object]] = {}
    for area, values in given.items() if isinstance(given, dict) else ():
        for name, value in values.items() if isinstance(values, dict) else ((str(values), None),):
            choice = _known(f"{area}.{name}", known)
            text = str(value).lower() if isinstance(value, bool) else str(value)
            found.setdefault(choice.area, {})[choice.name] = _value(choice, text)
    return found


def _known(name: str, known: Mapping[str, Choice]) -> Choice:
    from difflib import get_close_matches

    if name in known:
        return known[name]
    near = get_close_matches(name, sorted(known), n=1)
    there = ", ".join(f"`{each}`" for each in sorted(known))
    help_ = f"did you mean `{near[0]}`?" if near else f"there are {there}"
    raise _mistake(f"there is no option `{name}`", help_)


def _value(choice: Choice, text: str) -> object:
    """The value that a text means; what else must hold of it a rule `whyNot…` of the option may say."""
    if choice.type == BOOL and text in ("true", "false"):
        return text == "true"
    if (choice.type == INT and text.removeprefix("-").isdecimal()) or choice.type == STRING:
        rule = load_rulebook().get(f"{choice.area}/whyNot{choice.name[0].upper()}{choice.name[1:]}")
        why = "" if rule is None else str(rule.fn(text))
        if why:
            raise _mistake(f"option `{choice.full_name}` cannot be `{text}`", why)
        return text if choice.type == STRING else int(text)
    help_ = "say `true` or `false`" if choice.type == BOOL else "say a whole number"
    raise _mistake(f"option `{choice.full_name}` is a {show(choice.type)}, and `{text}` is none", help_)


def _mistake(message: str, help_: str) -> DiagnosticError:
    return DiagnosticError([Diagnostic(BAD_OPTION, message, help=help_)])


class Consulted(dict[str, Any]):
    """The options of an area, which remember by which name they were asked."""

    def __init__(self, given: Mapping[str, object]) -> None:
        super().__init__(given)
        self.asked: set[str] = set()

    def __bool__(self) -> bool:
        return True  # one without a value must not be taken for none, and then not be asked

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


class Choosing:
    """The options as a `Cluster` holds them, and which were looked at since the last time of asking."""

    def __init__(self, given: Mapping[str, Mapping[str, object]], table: TypeTable) -> None:
        self.known = list(choices(table))
        areas = dict.fromkeys(c.area for c in self.known)
        self.value: dict[str, Consulted] = {area: Consulted(given.get(area, {})) for area in areas}
        self.consulted: list[tuple[Choice, object]] = []
        """Those that the last `rested_on` told, with their values."""

    def within(self, cluster: Mapping[str, Any]) -> dict[str, Any]:
        """The cluster with the options in it."""
        return {**cluster, FIELD: self.value}

    def rested_on(self) -> tuple[str, ...]:
        """One line that says what the options were that were looked at; none if there were none."""
        its = [(c, self.value[c.area]) for c in self.known if c.name in self.value[c.area].asked]
        self.consulted = [(c, dict.get(area, c.name, c.default)) for c, area in its]
        return self.all_rested_on([self])

    @staticmethod
    def all_rested_on(several: Iterable[Choosing]) -> tuple[str, ...]:
        """The same of some clusters together."""
        said: dict[str, None] = {}
        told = {str(each["option"]) for each in contract() if each.get("option")}
        for each in several:
            its = [(c, each.value[c.area]) for c in each.known if c.name in each.value[c.area].asked]
            its = [(c, a) for c, a in its if c.full_name not in told or a.get(c.name, c.default) != c.default]
            said |= {f"{c.full_name}={_shown(area.get(c.name, c.default))}": None for c, area in its}
            for area in each.value.values():
                area.asked.clear()
        return (f"where implementations differ: {', '.join(said)}",) if said else ()


def contract() -> list[Mapping[str, Any]]:
    """What rules take for granted of a network plug-in, whatever the options are about."""
    rule = load_rulebook().get("network/contract")
    found: Any = () if rule is None else rule.fn()
    return list(found)


def taken_for_granted(
    expr: Expr, own: Mapping[str, Rule], given: Mapping[str, Mapping[str, object]]
) -> tuple[str, ...]:
    """One line that says what of it a formula rests on, by the verbs in it and in the functions of its file
    (`own`); what an option says otherwise is left out.
    """
    book = load_rulebook()
    verbs = {found.name for rule in _applied(expr, own) if (found := book.get(rule)) is not None}
    lines = []
    for each in contract():
        area, _, name = str(each.get("option") or "").partition(".")
        if not verbs.isdisjoint(each["verbs"]) and given.get(area, {}).get(name) in (None, True):
            lines.append(str(each["says"]))
    return (f"of the network plug-in: {'; '.join(lines)}",) if lines else ()


def _applied(expr: Expr, own: Mapping[str, Rule]) -> set[str]:
    """The rules that a formula names, and those that rules of its file name."""
    found: set[str] = set()
    todo = [expr]
    while todo:
        new = {e.rule for e in subexpressions(todo.pop()) if isinstance(e, Apply)} - found
        todo += [own[rule].body for rule in new if rule in own]
        found |= new
    return found


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) or '""'
