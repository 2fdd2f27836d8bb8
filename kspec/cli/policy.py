"""Knows how PATHS and the shared options become an access policy: objects, default roles, authorizers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kspec.cli.inputs import ClusterOptions, Inputs, load
from kspec.cli.session import Session
from kspec.source import Diagnostic, DiagnosticError, SourceFile, Span, has_errors

if TYPE_CHECKING:
    from kspec.cli.apiserver import Server
    from kspec.ir.types import TypeTable
    from kspec.resources.objects import KubeObject
    from kspec.runtime.rulebook import Rulebook
    from kspec.verify.access.policy import Policy

NO_MANIFESTS, BAD_TOKENS = "KS4004", "KS4010"
TOKEN_COLUMNS = 3
AUTHORIZER = "access/RBAC"
DEFAULT_MODES = "Node,RBAC"
BOOTSTRAP_FOLDER = "rules/access/bootstrap"


@dataclass(frozen=True, slots=True)
class PolicyOptions:
    """What `policy_options` takes, as it was given."""

    files: tuple[str, ...] = ()
    bootstrap: bool = False
    authorization_mode: str | None = None
    authorization_config: str | None = None
    authorization_policy_file: str | None = None
    apiserver: str | None = None
    token_auth_file: str | None = None
    param: tuple[str, ...] = ()
    k8s_version: str | None = None

    @property
    def says_authorizers(self) -> bool:
        return any((self.authorization_mode, self.authorization_config, self.apiserver))


@dataclass(frozen=True, slots=True)
class Access:
    """An access policy, and what to say about how it was read."""

    policy: Policy
    table: TypeTable
    inputs: Inputs | None
    assumed: tuple[str, ...]
    server: Server | None = None


def load_access(session: Session, paths: Sequence[str], options: PolicyOptions) -> Access:
    """Read everything that grants access. The objects in PATHS win over default ones of the same name."""
    from kspec.cli.refusals import check_accepted
    from kspec.resources.load import load_library
    from kspec.resources.types import DEFAULT_VERSION, load_types
    from kspec.runtime.rulebook import load_rulebook
    from kspec.verify.access.policy import Policy
    from kspec.verify.cluster import cluster_of

    named = (*paths, *options.files)
    if not named and not options.bootstrap:
        help_ = "name files or folders: `-f k8s/`, or the default roles alone: `--bootstrap`"
        raise DiagnosticError([Diagnostic(NO_MANIFESTS, "nothing was named that grants access", help=help_)])
    about = ClusterOptions(options.k8s_version, options.param)
    inputs = load(session, named, about) if named else None
    library = inputs.library if inputs else load_library()
    workspace = inputs.workspace if inputs else None
    table = library.types(
        workspace.table if workspace else load_types(options.k8s_version or DEFAULT_VERSION)
    )
    own = {o.key: o for o in (workspace.objects if workspace else ())}
    objects = {o.key: o for o in (bootstrap_objects(table) if options.bootstrap else ())}
    defaults = set(objects) - set(own)
    objects |= own
    known = [o for o in objects.values() if o.kind is not None and o.decoded is not None]
    cluster = cluster_of(((o.kind.record, o.decoded) for o in known if o.kind and o.decoded), table)
    book = load_rulebook()
    if inputs is not None:
        check_accepted(inputs, _read_by(AUTHORIZER, book, table))
    server = _server(options)
    chain, assumed = authorizers(options, table, book, server)
    policy = Policy(known, cluster, chain, book, defaults)
    listed = options.token_auth_file or (server.file("token-auth-file") if server else None)
    if listed is not None:
        policy.people = read_tokens(listed)
    return Access(policy, table, inputs, (*assumed, *_missing(policy, options)), server)


def read_tokens(path: str) -> dict[str, list[str]]:
    """The groups of each user in a file of static tokens: lines of a token, a user, a uid, and groups."""
    import csv
    import io

    from kspec.cli.files import read_source

    people: dict[str, list[str]] = {}
    file = read_source(path)
    for number, row in enumerate(csv.reader(io.StringIO(file.text), skipinitialspace=True), 1):
        if not row:
            continue
        if len(row) < TOKEN_COLUMNS:
            message = f"line {number} of the file of tokens has {len(row)} columns"
            help_ = 'a line is: token,user,uid,"group1,group2"'
            raise DiagnosticError([Diagnostic(BAD_TOKENS, message, Span(file, 0, 0), help=help_)])
        if row[0]:
            people[row[1]] = row[3].split(",") if len(row) > TOKEN_COLUMNS and row[3] else []
    return people


def _server(options: PolicyOptions) -> Server | None:
    from kspec.cli.apiserver import read_server

    return None if options.apiserver is None else read_server(options.apiserver)


def _read_by(rule_id: str, book: Rulebook, table: TypeTable) -> list[str]:
    """The types of the objects that a rule reads."""
    from kspec.model.program import cluster_fields

    rule, records = book.get(rule_id), cluster_fields(table)
    assert rule is not None
    return sorted({records[str(path[0])] for path in rule.reads["cluster"] if path[0] in records})


def bootstrap_objects(table: TypeTable) -> list[KubeObject]:
    """The roles and bindings that every cluster is born with."""
    from kspec.data import root
    from kspec.resources.objects import ObjectReader
    from kspec.resources.yaml import load_yaml

    reader = ObjectReader(table)
    found = []
    for path in sorted((root() / BOOTSTRAP_FOLDER).glob("*.yaml")):
        file = SourceFile(f"{BOOTSTRAP_FOLDER}/{path.name}", path.read_text(encoding="utf-8"))
        documents, mistakes = load_yaml(file)
        for document in documents:
            obj, told = reader.read(document.value, document)
            mistakes = [*mistakes, *told]
            if obj is not None:
                found.append(obj)
        if has_errors(mistakes):
            raise DiagnosticError(mistakes)
    return found


def authorizers(
    options: PolicyOptions, table: TypeTable, book: Rulebook, server: Server | None = None
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The chain, and what had to be assumed of it. What an option says counts before what a flag says."""
    from kspec.cli.files import read_source
    from kspec.verify.access.configuration import call, chain_of_modes, read_configuration, read_policies

    default = call(book, "access/modeByDefault")
    modes, config, lines, assumed = _said_of_authorizers(options, server, default)
    policies: Sequence[Mapping[str, Any]] = ()
    if lines is not None:
        policies = read_policies(read_source(lines), table, book)
    if config is not None:
        return read_configuration(read_source(config), table, book, policies), ()
    return chain_of_modes(modes, book, policies), assumed


def _said_of_authorizers(
    options: PolicyOptions, server: Server | None, default: str
) -> tuple[str, str | None, str | None, tuple[str, ...]]:
    """The modes, the files of the configuration and of the policies, and what is assumed of the modes."""
    modes, config, lines = (
        options.authorization_mode,
        options.authorization_config,
        options.authorization_policy_file,
    )
    if server is not None and modes is None and config is None:
        modes, config = server.value("authorization-mode"), server.file("authorization-config")
        lines = lines or server.file("authorization-policy-file")
        modes = modes or default
    assumed = () if modes else (f"the authorizers are {DEFAULT_MODES}",)
    return modes or DEFAULT_MODES, config, lines, assumed


def _missing(policy: Policy, options: PolicyOptions) -> tuple[str, ...]:
    """How to complete the input, if roles are bound that are not in it."""
    if options.bootstrap or not policy.dangling or not policy.has_rbac:
        return ()
    return ("no default roles: --bootstrap adds them",)
