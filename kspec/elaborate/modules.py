"""Knows how the files of a folder of rules become one program: signatures first, then bodies, then who
calls whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kspec.elaborate.folders import Domain, Globals, Signatures, View, view
from kspec.elaborate.mistakes import failed, mistake, sorted_once
from kspec.elaborate.profiles import Profile, evaluate_profile
from kspec.elaborate.rules import KINDS, Signature, count_statements, lower_rule, signature
from kspec.elaborate.types import Declared, declare_types
from kspec.ir.check import check
from kspec.ir.deep import DEPTH_MAX, deep_recursion
from kspec.ir.nodes import Apply, Expr, Program, Rule
from kspec.ir.types import TypeTable
from kspec.ir.walk import depth, subexpressions
from kspec.source import Diagnostic, InternalError, Span
from kspec.syntax import ast

STATEMENTS_MAX = 1000
"""Statements of one rule, those of inner blocks among them."""


@dataclass(frozen=True, slots=True)
class Elaborated:
    """The rules of a folder, typed and lowered. With errors among the diagnostics, the program holds what
    had none.
    """

    program: Program
    types: TypeTable
    functions: dict[str, dict[str, Signatures]]  # by folder, then name
    domains: dict[str, dict[str, Domain]]
    profiles: dict[str, Profile]  # by qualified name: scheduling.default
    declared_types: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A declaration, and the file that it stands in: `folder` and `path` below rules/."""

    folder: str
    path: str
    node: ast.Declaration


def elaborate_rules(modules: Sequence[tuple[str, ast.Module]], table: TypeTable) -> Elaborated:
    """The program of these modules; each comes with its path below rules/, without suffix."""
    with deep_recursion():
        return _elaborate_rules(modules, table)


def _elaborate_rules(modules: Sequence[tuple[str, ast.Module]], table: TypeTable) -> Elaborated:
    placed = [Placed(folder_of(path), path, node) for path, module in modules for node in module.declarations]
    diagnostics: list[Diagnostic] = []
    _refuse_others(placed, diagnostics)
    types = declared_types(placed, table, diagnostics)
    made = elaborate_declarations(placed, types, Globals())
    own = tuple(name for name in types.records if name not in table.records)
    return replace(made, declared_types=own, diagnostics=sorted_once((*diagnostics, *made.diagnostics)))


def folder_of(path: str) -> str:
    """`scheduling` for `scheduling/taint_toleration`; a file without a folder is one of its own."""
    return path.rpartition("/")[0].replace("/", ".") or path


def declared_types(placed: Iterable[Placed], table: TypeTable, diagnostics: list[Diagnostic]) -> TypeTable:
    """The table with the types and kinds that these declarations make."""
    named = [
        Declared(p.folder, p.node)
        for p in placed
        if isinstance(p.node, ast.TypeDecl)
        or (isinstance(p.node, ast.Block) and p.node.keyword == "resource")
    ]
    return declare_types(named, table, diagnostics)


def elaborate_declarations(
    placed: Sequence[Placed], types: TypeTable, known: Globals, constants: Mapping[str, Expr] | None = None
) -> Elaborated:
    """Signatures, then bodies. `known`: functions and domains from elsewhere; `constants`: what bodies may
    name.
    """
    diagnostics: list[Diagnostic] = []
    here = Globals()
    signatures = _signatures(placed, types, here, diagnostics)
    everything = known.joined(here)
    rules = _lowered(signatures, types, everything, constants or {}, diagnostics)
    profiles = _profiles(placed, types, diagnostics)
    rules = _without_cycles(rules, diagnostics)
    program = Program(tuple(callees_first(rules)))
    return Elaborated(program, types, here.functions, here.domains, profiles, (), sorted_once(diagnostics))


def _refuse_others(placed: Iterable[Placed], diagnostics: list[Diagnostic]) -> None:
    """Rules hold no objects: a misplaced manifest is a mistake that should not pass in silence."""
    for item in placed:
        fits = isinstance(item.node, ast.Rule | ast.TypeDecl) or (
            isinstance(item.node, ast.Block) and item.node.keyword in ("resource", "profile")
        )
        if not fits:
            help_ = "rules, types, resources and profiles stand here; manifests in files of their own"
            diagnostics.append(mistake("KS2214", "this has no place among rules", item.node.span, help_))


# ---------------------------------------------------------------- first pass


def _signatures(
    placed: Iterable[Placed], types: TypeTable, here: Globals, diagnostics: list[Diagnostic]
) -> list[Signature]:
    made: list[Signature] = []
    counts: dict[str, int] = {}
    for item in placed:
        if not isinstance(item.node, ast.Rule):
            continue
        base = f"{item.folder.replace('.', '/')}/{item.node.name}"
        counts[base] = counts.get(base, 0) + 1
        id_ = base if counts[base] == 1 else f"{base}#{counts[base]}"
        seen = View(item.folder, types)
        made.append(signature(item.node, item.folder, item.path, id_, seen, diagnostics))
    kept = _without_duplicates(made, diagnostics)
    for sig in kept:
        _register(sig, kept, here)
    return kept


def _without_duplicates(made: list[Signature], diagnostics: list[Diagnostic]) -> list[Signature]:
    """Functions of one name differ in their parameters; other rules of one kind differ in their names."""
    first: dict[tuple[object, ...], Span] = {}
    kept = []
    for sig in made:
        given = tuple(p.type for p in sig.params[: len(sig.params) - sig.using])
        key: tuple[object, ...] = (sig.folder, sig.node.kind, sig.node.name)
        key = (*key, given) if sig.node.kind == "function" else key
        if key in first:
            what = "with these parameters " if sig.node.kind == "function" and given else ""
            message = f"there is a {sig.node.kind} `{sig.node.name}` {what}already"
            diagnostics.append(mistake("KS2203", message, sig.node.name_span, "", (first[key], "first here")))
            continue
        first[key] = sig.node.name_span
        kept.append(sig)
    return kept


def _register(sig: Signature, all_: list[Signature], here: Globals) -> None:
    """Functions may be called; so may other rules that yield a value, if their name says which is meant."""
    if sig.node.kind == "domain":
        type_ = sig.params[0].type if sig.params else None
        if type_ is not None:
            here.domains.setdefault(sig.folder, {})[sig.node.name] = Domain(sig.id, sig.node.name, type_)
        return
    alone = sum(s.folder == sig.folder and s.node.name == sig.node.name for s in all_) == 1
    if sig.node.kind == "function" or (alone and KINDS[sig.node.kind].callable):
        here.add(sig.folder, sig.function())


# ---------------------------------------------------------------- second pass


def _lowered(
    signatures: Iterable[Signature],
    types: TypeTable,
    known: Globals,
    constants: Mapping[str, Expr],
    diagnostics: list[Diagnostic],
) -> list[Rule]:
    rules = []
    views: dict[str, View] = {}
    for sig in signatures:
        if sig.folder not in views:
            views[sig.folder] = view(known, sig.folder, types, constants)
        own: list[Diagnostic] = []
        rule = lowered(sig, views[sig.folder], own)
        diagnostics += own
        if rule is not None and not failed(own):
            rules.append(rule)
    if not failed(diagnostics):
        check_all(rules, types)
    return rules


def lowered(sig: Signature, seen: View, diagnostics: list[Diagnostic]) -> Rule | None:
    """The lowered rule; None if it is too long to be handled as one expression."""
    rule = lower_rule(sig, seen, diagnostics) if count_statements(sig.node.body) <= STATEMENTS_MAX else None
    if rule is not None and depth(rule.body) <= DEPTH_MAX:
        return rule
    message = f"`{sig.node.name}` is too long: it nests more than {DEPTH_MAX} levels deep"
    diagnostics.append(mistake("KS2015", message, sig.node.name_span, "make functions of its parts"))
    return None


def check_all(rules: Iterable[Rule], types: TypeTable) -> None:
    """Lowering must yield well-typed rules; anything else is a bug of ours."""
    for rule in rules:
        problems = check(rule, types)
        if problems:
            raise InternalError(f"rule {rule.id} was lowered wrongly: {'; '.join(problems)}")


def _profiles(
    placed: Iterable[Placed], types: TypeTable, diagnostics: list[Diagnostic]
) -> dict[str, Profile]:
    profiles: dict[str, Profile] = {}
    for item in placed:
        if isinstance(item.node, ast.Block) and item.node.keyword == "profile":
            name = f"{item.folder}.{item.node.name}"
            if name in profiles:
                message = f"there is a profile `{item.node.name}` already"
                diagnostics.append(mistake("KS2203", message, item.node.span, "choose another name"))
                continue
            profiles[name] = evaluate_profile(item.node, View(item.folder, types), diagnostics)
    return profiles


# ---------------------------------------------------------------- who calls whom


def callees_of(rule: Rule) -> list[str]:
    """Ids of the rules that a rule applies, each once, in order."""
    exprs = [rule.body, *(c.expr for c in rule.clauses if c.expr is not None)]
    return list(dict.fromkeys(e.rule for expr in exprs for e in subexpressions(expr) if isinstance(e, Apply)))


def _without_cycles(rules: list[Rule], diagnostics: list[Diagnostic]) -> list[Rule]:
    """The rules that are not part of a cycle of calls; each cycle is reported once."""
    calls = {r.id: callees_of(r) for r in rules}
    by_id = {r.id: r for r in rules}
    bad: set[str] = set()
    for rule in rules:
        cycle = _cycle_through(rule.id, calls)
        if cycle and not bad.intersection(cycle):
            names = " → ".join(f"`{by_id[i].name}`" for i in (*cycle, cycle[0]))
            help_ = "the language has no recursion: use a fold, or `lists.range`"
            diagnostics.append(mistake("KS2220", f"these call one another: {names}", rule.span, help_))
        bad.update(cycle)
    return [r for r in rules if r.id not in bad]


def _cycle_through(start: str, calls: dict[str, list[str]]) -> list[str]:
    """The shortest way from a rule back to itself; empty if there is none."""
    ways = {start: [start]}
    queue = [start]
    for at in queue:
        for callee in calls.get(at, ()):
            if callee == start:
                return ways[at]
            if callee not in ways:
                ways[callee] = [*ways[at], callee]
                queue.append(callee)
    return []


def callees_first(rules: Sequence[Rule]) -> list[Rule]:
    """In order of file and place, but for a rule that is called before its place, which comes before its
    caller.
    """
    by_id = {r.id: r for r in rules}
    ordered: dict[str, Rule] = {}

    def visit(rule: Rule) -> None:
        if rule.id in ordered:
            return
        for callee in callees_of(rule):
            if callee in by_id:
                visit(by_id[callee])
        ordered[rule.id] = rule

    for rule in rules:
        visit(rule)
    return list(ordered.values())
