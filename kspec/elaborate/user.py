"""Knows what a user's own file holds: parameters, templates, objects, clusters, properties and rules, all
elaborated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from kspec.elaborate.clusters import ClusterSpec, cluster_of
from kspec.elaborate.constants import plain
from kspec.elaborate.context import Context
from kspec.elaborate.folders import USER, Globals, Signatures, View, view
from kspec.elaborate.library import Library
from kspec.elaborate.manifests import Manifest, Manifests
from kspec.elaborate.mistakes import sorted_once
from kspec.elaborate.modules import Elaborated, Placed, callees_of, declared_types, elaborate_declarations
from kspec.elaborate.outside import outside_value
from kspec.elaborate.profiles import Profile
from kspec.elaborate.properties import constant_exprs, elaborate_properties
from kspec.elaborate.templates import evaluated, templates_of
from kspec.elaborate.values import Surroundings
from kspec.ir.deep import deep_recursion
from kspec.ir.evaluate import zero
from kspec.ir.nodes import Program
from kspec.ir.properties import Property
from kspec.ir.types import Type, TypeTable
from kspec.source import Diagnostic, Span
from kspec.syntax import ast


@dataclass(frozen=True, slots=True)
class Version:
    """`kubernetes "1.36"`."""

    version: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class User:
    """What a file (with those that it imports) says.

    `types` is the table with the file's own types and kinds; `params` are the values of its parameters;
    `rules` may apply rules of the library, which are not in it.
    """

    objects: tuple[Manifest, ...] = ()
    clusters: tuple[ClusterSpec, ...] = ()
    properties: tuple[Property, ...] = ()
    rules: Program = field(default_factory=lambda: Program(()))
    imports: tuple[ast.Import, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    types: TypeTable = field(default_factory=TypeTable, compare=False)
    params: Mapping[str, object] = field(default_factory=dict)
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    version: Version | None = None


def elaborate_user(
    module: ast.Module, library: Library, table: TypeTable, params: Mapping[str, object] | None = None
) -> User:
    """Everything in one module. The declarations of imported files are joined to the module's own by
    whoever reads them.

    `params` are values from outside for the module's parameters: of the parameter's type, or as text. Names
    that the module does not declare are not looked at.
    """
    with deep_recursion():
        return _elaborate(module, library, table, params or {})


def _elaborate(module: ast.Module, library: Library, table: TypeTable, params: Mapping[str, object]) -> User:
    diagnostics: list[Diagnostic] = []
    found = _sorted_out(module)
    types = declared_types(found.placed, library.types(table), diagnostics)
    constants = Context(View(USER, types), "param", diagnostics=diagnostics)
    around = _params(found.params, params, constants)
    elaborated = elaborate_declarations(found.placed, types, library.globals, constant_exprs(around))
    diagnostics += elaborated.diagnostics
    own = Globals(elaborated.functions, elaborated.domains)
    seen = view(library.globals.joined(own), USER, types)
    context = Context(seen, "manifest", diagnostics=diagnostics)
    callable_ = _own_functions(elaborated)
    around = Surroundings(
        replace(around.scope, functions=callable_), around.env, around.shown, elaborated.program.by_id()
    )
    templates = templates_of(found.templates, context)
    manifests = Manifests(context, around, templates)
    manifests.check_templates()
    objects = manifests.all_of(found.items)
    full = replace(around, scope=replace(around.scope, functions=seen.functions))
    properties = elaborate_properties(found.properties, found.expects, manifests.of_case, context, full)
    clusters = _clusters(found.clusters, context, around)
    version = _version(found.versions, context)
    return User(
        tuple(objects), clusters, properties, elaborated.program, tuple(found.imports),
        sorted_once(diagnostics),
        types, around.env, elaborated.profiles, version,
    )  # fmt: skip


# ---------------------------------------------------------------- what is what


@dataclass(slots=True)
class _Sorted:
    """The declarations of a module by what is done with them."""

    placed: list[Placed] = field(default_factory=list)
    params: list[ast.ParamDecl] = field(default_factory=list)
    templates: list[ast.Template] = field(default_factory=list)
    items: list[ast.Declaration] = field(default_factory=list)
    clusters: list[ast.Block] = field(default_factory=list)
    properties: list[ast.Property] = field(default_factory=list)
    expects: list[ast.Expect] = field(default_factory=list)
    imports: list[ast.Import] = field(default_factory=list)
    versions: list[ast.Kubernetes] = field(default_factory=list)


def _sorted_out(module: ast.Module) -> _Sorted:
    found = _Sorted()
    for node in module.declarations:
        match node:
            case ast.Rule() | ast.TypeDecl() | ast.Block(keyword="resource" | "profile"):
                found.placed.append(Placed(USER, USER, node))
            case ast.Block():
                found.clusters.append(node)
            case ast.ParamDecl():
                found.params.append(node)
            case ast.Template():
                found.templates.append(node)
            case ast.Resource() | ast.Use() | ast.Namespace():
                found.items.append(node)
            case ast.Property():
                found.properties.append(node)
            case ast.Expect():
                found.expects.append(node)
            case ast.Import():
                found.imports.append(node)
            case ast.Kubernetes():
                found.versions.append(node)
            case _:
                assert_never(node)
    return found


def _params(nodes: Iterable[ast.ParamDecl], given: Mapping[str, object], context: Context) -> Surroundings:
    """The parameters with their values: from outside, else the default, which may name those before it."""
    around = Surroundings(context.view.scope({}))
    places: dict[str, Span] = {}
    for node in nodes:
        if node.name in places:
            first = (places[node.name], "first here")
            context.report("KS2203", f"there is a param `{node.name}` already", node.span, "", first)
            continue
        places[node.name] = node.span
        type_ = context.type(node.type)
        value, shown = _param(node, type_, given, context, around)
        around = around.bind(node.name, type_, value, shown)
    return around


def _param(
    node: ast.ParamDecl, type_: Type, given: Mapping[str, object], context: Context, around: Surroundings
) -> tuple[object, Any]:
    default = evaluated(node.default, type_, context, around) if node.default is not None else (None, None)
    if node.name in given:
        return outside_value(given[node.name], node, type_, context)
    if node.default is None:
        help_ = f"give it a default, or a value from outside: `--param {node.name}=...`"
        context.report("KS2235", f"param `{node.name}` has no value", node.span, help_)
        return zero(type_), plain(zero(type_))
    return default


def _own_functions(elaborated: Elaborated) -> dict[str, Signatures]:
    """The file's own functions that call no others: those that a manifest can call without the standard
    rules.
    """
    own: dict[str, bool] = {}
    for rule in elaborated.program.rules:
        own[rule.id] = (
            rule.kind == "function" and not rule.using and all(own.get(c) for c in callees_of(rule))
        )
    kept = {
        name: tuple(s for s in signatures if own.get(s.rule_id))
        for name, signatures in elaborated.functions.get(USER, {}).items()
    }
    return {name: signatures for name, signatures in kept.items() if signatures}


def _clusters(nodes: Iterable[ast.Block], context: Context, around: Surroundings) -> tuple[ClusterSpec, ...]:
    made: dict[str, ClusterSpec] = {}
    for node in nodes:
        cluster = cluster_of(node, context, around)
        if node.name in made:
            first = made[node.name].span
            notes = ((first, "first here"),) if first is not None else ()
            context.report("KS2203", f"there is a cluster `{node.name}` already", node.span, "", *notes)
        made.setdefault(node.name, cluster)
    return tuple(made.values())


def _version(nodes: list[ast.Kubernetes], context: Context) -> Version | None:
    for other in nodes[1:]:
        if other.version != nodes[0].version:
            message = f"the version of Kubernetes is `{nodes[0].version}` already"
            context.report("KS2203", message, other.span, "", (nodes[0].span, "first here"))
    return Version(nodes[0].version, nodes[0].span) if nodes else None
