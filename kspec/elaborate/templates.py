"""Knows templates: their typed parameters, what a `use` gives them, and that none uses itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kspec.elaborate.constants import constant, plain
from kspec.elaborate.context import Context
from kspec.elaborate.mistakes import listing, near
from kspec.elaborate.values import Builder, Spot, Surroundings
from kspec.ir.types import QUANTITY, FieldDef, Type
from kspec.runtime.quantity import parse_quantity
from kspec.source import Span
from kspec.syntax import ast


@dataclass(frozen=True, slots=True)
class TemplateParam:
    name: str
    type: Type
    default: ast.Expr | None


@dataclass(slots=True)
class Template:
    """`template web(name: string, replicas: int = 2) { ... }`."""

    node: ast.Template
    params: tuple[TemplateParam, ...]
    recursive: bool = False

    def bind(
        self, node: ast.Use, context: Context, around: Surroundings, outside: Surroundings, checking: bool
    ) -> dict[str, tuple[object, Any]] | None:
        """Value and plain data of every parameter: `around` is what the arguments see, `outside` what
        defaults see.
        """
        given = self._given(node, context)
        bound: dict[str, tuple[object, Any]] = {}
        missing = [p.name for p in self.params if p.default is None and p.name not in given]
        if missing:
            message = f"`{self.node.name}` wants {listing(missing)}"
            help_ = f"write `use {self.node.name}({missing[0]}: ...)`"
            context.report("KS2234", message, node.span, help_, (self.node.span, "the template"))
        defaults = outside
        for param in self.params:
            argument = given.get(param.name, param.default)
            if argument is None:
                continue
            seen = around if param.name in given else defaults
            bound[param.name] = evaluated(argument, param.type, context, seen, checking)
            defaults = defaults.bind(param.name, param.type, *bound[param.name])
        return None if missing else bound

    def _given(self, node: ast.Use, context: Context) -> dict[str, ast.Expr]:
        given: dict[str, ast.Expr] = {}
        names = [p.name for p in self.params]
        for name, value in node.args:
            if name not in names:
                help_ = near(name, names) or (f"it has {listing(names)}" if names else "it has none")
                context.report("KS2234", f"`{self.node.name}` has no parameter `{name}`", value.span, help_)
            elif name in given:
                context.report(
                    "KS2234", f"`{name}` is given twice", value.span, "", (given[name].span, "first here")
                )
            else:
                given[name] = value
        return given


def evaluated(
    node: ast.Expr, type_: Type, context: Context, around: Surroundings, checking: bool = False
) -> tuple[object, Any]:
    """The runtime value of a constant, and the same as plain data in the notation in which it is written."""
    before = len(context.diagnostics)
    shown = Builder(context, around, checking).value(node, Spot((), type_, FieldDef("", type_)))
    if checking or len(context.diagnostics) > before:
        return None, None
    if type_ == QUANTITY and isinstance(node, ast.Literal):
        return parse_quantity(str(shown)), shown
    value = constant(node, around.scope, around.env, context, type_, around.rules)
    return value, shown if shown is not None else plain(value)


def templates_of(nodes: Iterable[ast.Template], context: Context) -> dict[str, Template]:
    """The templates by name; a second one of a name is reported, as is one that uses itself."""
    templates: dict[str, Template] = {}
    for node in nodes:
        params = tuple(TemplateParam(p.name, context.type(p.type), p.default) for p in node.params)
        _unique_params(node, context)
        if node.name in templates:
            first = templates[node.name].node.span
            context.report(
                "KS2203", f"there is a template `{node.name}` already", node.span, "", (first, "first here")
            )
            continue
        templates[node.name] = Template(node, params)
    _find_cycles(templates, context)
    return templates


def _unique_params(node: ast.Template, context: Context) -> None:
    places: dict[str, Span] = {}
    for param in node.params:
        if param.name in places:
            first = places[param.name]
            context.report(
                "KS2211", f"the name `{param.name}` is taken", param.span, "", (first, "first here")
            )
        places.setdefault(param.name, param.span)


def _find_cycles(templates: Mapping[str, Template], context: Context) -> None:
    """Marks the templates that come to use themselves; each cycle is reported once."""
    uses = {
        name: {item.template: item.span for item in t.node.items if isinstance(item, ast.Use)}
        for name, t in templates.items()
    }
    for name, template in templates.items():
        cycle = _way_back(name, uses)
        if cycle and not any(templates[n].recursive for n in cycle):
            names = " → ".join(f"`{n}`" for n in (*cycle, name))
            notes = (
                (uses[n][m], f"`{n}` uses `{m}`") for n, m in zip(cycle, (*cycle[1:], name), strict=True)
            )
            context.report("KS2220", f"these use one another: {names}", template.node.span, "", *notes)
        for member in cycle:
            templates[member].recursive = True


def _way_back(start: str, uses: Mapping[str, Mapping[str, Span]]) -> list[str]:
    """The shortest way from a template to a use of itself; empty if there is none."""
    ways = {start: [start]}
    queue = [start]
    for at in queue:
        for used in uses.get(at, ()):
            if used == start:
                return ways[at]
            if used not in ways:
                ways[used] = [*ways[at], used]
                queue.append(used)
    return []
