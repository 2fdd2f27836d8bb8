"""Knows how PATHS and the shared options become a workspace, nodes and rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kspec.cli.session import Session
from kspec.source import Diagnostic, DiagnosticError, has_errors

if TYPE_CHECKING:
    from kspec.elaborate.library import Library
    from kspec.ir.types import TypeTable
    from kspec.model.profile import Profile
    from kspec.model.rules import RuleSet
    from kspec.plan import Declared, Rules
    from kspec.resources.load import Workspace

NO_NODES = "KS1906"


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """`--k8s-version`, `--param`, `--nodes`, as they were given."""

    k8s_version: str | None = None
    param: tuple[str, ...] = ()
    nodes: str | None = None
    option: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a command works on."""

    workspace: Workspace
    library: Library
    warnings: tuple[Diagnostic, ...] = ()
    session: Session = Session()
    choices: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def load(session: Session, paths: Sequence[str], options: ClusterOptions) -> Inputs:
    """Read everything; show the warnings, raise the errors."""
    from kspec.cli.bindings import read_bindings
    from kspec.resources.load import load_library, load_workspace

    library = load_library()
    params = read_bindings(options.param, "--param")
    workspace = load_workspace(list(paths), version=options.k8s_version, params=params, library=library)
    known = set(workspace.params)
    unknown = [name for name in params if name not in known]
    if unknown and workspace.ok:
        raise DiagnosticError([_no_param(name, known) for name in unknown])
    if has_errors(workspace.diagnostics):
        raise DiagnosticError(workspace.diagnostics)
    session.show_diagnostics(workspace.diagnostics)
    choices = _choices(workspace, library, options)
    return Inputs(workspace, library, workspace.diagnostics, session, choices)


def load_accepted(session: Session, paths: Sequence[str], options: ClusterOptions) -> Inputs:
    """Read everything that is asked about. What the API server would refuse is a mistake."""
    from kspec.cli.refusals import check_accepted

    return check_accepted(load(session, paths, options))


def _choices(workspace: Workspace, library: Library, options: ClusterOptions) -> dict[str, dict[str, object]]:
    """What `--option` says, and below it what the `cluster` blocks of the files do."""
    said = [spec.fields["options"] for spec in workspace.clusters if "options" in spec.fields]
    if not options.option and not said:
        return {}
    from kspec.verify.choices import checked_choices, read_choices

    table = library.types(workspace.table)
    found: dict[str, dict[str, object]] = {}
    for given in (*(checked_choices(each, table) for each in said), read_choices(options.option, table)):
        for area, values in given.items():
            found.setdefault(area, {}).update(values)
    return found


def load_nodes(session: Session, options: ClusterOptions, version: str) -> list[dict[str, Any]] | None:
    """The Node objects of `--nodes FILE`, decoded; None without that option."""
    from kspec.resources.load import load_workspace

    if options.nodes is None:
        return None
    found = load_workspace([options.nodes], version=version)
    if has_errors(found.diagnostics):
        raise DiagnosticError(found.diagnostics)
    session.show_diagnostics(found.diagnostics)
    nodes = [o.decoded for o in found.objects if o.kind and o.kind.record == "core.Node" and o.decoded]
    if not nodes:
        message = f"there are no nodes in `{options.nodes}`"
        raise DiagnosticError([Diagnostic(NO_NODES, message, help="`kubectl get nodes -o yaml` prints them")])
    return nodes


def standard(inputs: Inputs) -> Rules:
    """The rules of Kubernetes, with those of the workspace, and the scheduler as it is configured."""
    from kspec.model.standard import standard_rules
    from kspec.plan import Rules
    from kspec.runtime.rulebook import load_rulebook

    book = load_rulebook()
    if inputs.workspace.rules.rules:
        from kspec.backends.python.memory import extend

        book = extend(book, inputs.workspace.rules)
    table = inputs.library.types(inputs.workspace.table)
    rules = standard_rules(book, table)
    first, *others = profiles_of(inputs, rules, table)
    return Rules(rules, first, inputs.workspace.version, tuple(others))


def profiles_of(inputs: Inputs, rules: RuleSet, table: TypeTable) -> tuple[Profile, ...]:
    """The scheduler's profiles: those of a KubeSchedulerConfiguration among the files, else the default."""
    from kspec.model.configuration import scheduler_configurations, scheduler_profiles
    from kspec.model.profile import catalogue_of
    from kspec.model.standard import DEFAULT_PROFILE, standard_profile

    fields = {name: p.fields for name, p in inputs.library.profiles.items()}
    configuration, mistakes = scheduler_configurations(inputs.workspace.configurations)
    if configuration is None:
        inputs.session.show_diagnostics(mistakes)
        return (standard_profile(fields, DEFAULT_PROFILE),)
    offered = catalogue_of(fields[DEFAULT_PROFILE])
    profiles, more = scheduler_profiles(configuration, offered, rules, table)
    mistakes += more
    if has_errors(mistakes):
        raise DiagnosticError(mistakes)
    inputs.session.show_diagnostics(mistakes)
    return profiles


def check_size(workspace: Workspace) -> None:
    """Raises what is too large to be run."""
    from kspec.plan.limits import too_large

    found = too_large(workspace.objects, declared(workspace))
    if found:
        raise DiagnosticError(found)


def declared(workspace: Workspace) -> list[Declared]:
    """The clusters that the files declare, as a plan wants them."""
    from kspec.plan import Declared, Pool

    return [
        Declared(c.name, tuple(Pool(p.name, {**p.fields, "nodes": p.nodes}) for p in c.pools))
        for c in workspace.clusters
    ]


def _no_param(name: str, known: set[str]) -> Diagnostic:
    from difflib import get_close_matches

    near = get_close_matches(name, sorted(known), n=1)
    declared = ", ".join(f"`{k}`" for k in sorted(known))
    help_ = f"did you mean `{near[0]}`?" if near else f"declared are {declared}" if known else ""
    return Diagnostic("KS1907", f"no file declares a param `{name}`", help=help_)
