"""Knows how the symbolic reading of rules becomes Python modules, and functions in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kspec.backends.names import free_name, identifier
from kspec.backends.symbolic.constants import quote
from kspec.backends.symbolic.domains import project
from kspec.backends.symbolic.emit import Emitter
from kspec.backends.symbolic.names import rule_places
from kspec.ir import nodes as ir
from kspec.ir.types import show
from kspec.ir.walk import subexpressions
from kspec.runtime.symbolic import ops

if TYPE_CHECKING:
    from jinja2 import Template

Function = Callable[..., object]


class Place(Protocol):
    """Where the function of a rule is: a module below the generated package, slashes between, and its name
    there.
    """

    @property
    def module(self) -> str: ...

    @property
    def name(self) -> str: ...


def emit_module(
    path: str, rules: Sequence[ir.Rule], program: ir.Program, places: Mapping[str, Place] | None = None
) -> str:
    """The text of the module for the rules of one file; `places` has the function of every rule that they
    apply.
    """
    known: Mapping[str, Place] = rule_places(program.rules) if places is None else places
    modules = sorted({known[rule_id].module for rule_id in _applied(rules)} - {path})
    own = {known[rule.id].name for rule in rules}
    aliases: dict[str, str] = {}
    for module in modules:
        aliases[module] = free_name(f"{identifier(module)}_rules", own | set(aliases.values()))
    calls = {
        rule_id: place.name if place.module == path else f"{aliases[place.module]}.{place.name}"
        for rule_id, place in known.items()
        if place.module == path or place.module in aliases
    }
    emitter = Emitter(calls, frozenset(own | set(aliases.values())))
    functions = [{"heading": _heading(r), "text": _definition(emitter, known[r.id].name, r)} for r in rules]
    table = [{"id": quote(rule.id), "name": known[rule.id].name} for rule in rules]
    imports = [_import(path, module, aliases[module]) for module in modules]
    source = f"rules/{path}.kspec"
    return _template().render(source=source, imports=imports, functions=functions, rules=table)


def _applied(rules: Iterable[ir.Rule]) -> set[str]:
    return {node.rule for rule in rules for node in subexpressions(_body(rule)) if isinstance(node, ir.Apply)}


def _body(rule: ir.Rule) -> ir.Expr:
    """Of a domain only whether the candidate could exist: its members and its witness are made of what is
    known.
    """
    return project(rule.body, "valid") if rule.kind == "domain" else rule.body


def _definition(emitter: Emitter, name: str, rule: ir.Rule) -> str:
    return emitter.definition(name, rule.id, tuple(p.name for p in rule.params), _body(rule))


def _heading(rule: ir.Rule) -> str:
    params = ", ".join(f"{p.name}: {show(p.type)}" for p in rule.params)
    result = "bool, is it valid" if rule.kind == "domain" else show(rule.result)
    return f"{rule.id}  {rule.kind} ({params}): {result}"


def _import(path: str, module: str, alias: str) -> str:
    folder, _, name = module.rpartition("/")
    return f"from {'.' * (path.count('/') + 1)}{folder.replace('/', '.')} import {name} as {alias}"


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    text = (Path(__file__).parent / "templates" / "module.py.j2").read_text(encoding="utf-8")
    return Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False).from_string(
        text
    )


# ---------------------------------------------------------------- in memory


class Compiled(Mapping[str, Function]):
    """The symbolic functions of a program's rules, each compiled when first asked for; `others` has those
    of other programs.
    """

    def __init__(self, program: ir.Program, others: Mapping[str, Function] | None = None) -> None:
        self._rules = program.by_id()
        self._others = {} if others is None else others
        self._made: dict[str, Function] = {}

    def __getitem__(self, rule_id: str) -> Function:
        found = self._made.get(rule_id)
        if found is None and rule_id in self._rules:
            found = self._made[rule_id] = self._compile(self._rules[rule_id])
        return self._others[rule_id] if found is None else found

    def __iter__(self) -> Iterable[str]:  # type: ignore[override]
        return iter({**self._others, **self._rules})

    def __len__(self) -> int:
        return len({**self._others, **self._rules})

    def _compile(self, rule: ir.Rule) -> Function:
        text = _definition(Emitter(_by_table([_body(rule)]), _TABLE), "function", rule)
        return _run(text, f"<symbolic {rule.id}>", self)


def compile_expression(expr: ir.Expr, parameters: Sequence[str], rules: Mapping[str, Function]) -> Function:
    """The symbolic reading of an expression as a function of these parameters; `rules` has the functions
    of rules by id.
    """
    emitter = Emitter(_by_table([expr]), _TABLE)
    text = emitter.definition("function", "", tuple(parameters), expr)
    return _run(text, "<symbolic expression>", rules)


_TABLE = frozenset({"rules", "function"})


def _by_table(bodies: Iterable[ir.Expr]) -> dict[str, str]:
    """Each applied rule as an entry of the table `rules`, so that it is looked up only when it is called."""
    applied = {node.rule for body in bodies for node in subexpressions(body) if isinstance(node, ir.Apply)}
    return {rule_id: f"rules[{quote(rule_id)}]" for rule_id in applied}


def _run(text: str, title: str, rules: Mapping[str, Function]) -> Function:
    names: dict[str, object] = {"ops": ops, "rules": rules}
    exec(compile(text, title, "exec"), names)
    function = names["function"]
    assert callable(function)
    return function
