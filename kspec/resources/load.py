"""Knows how what a user names on the command line becomes one workspace: objects, clusters, properties and
rules.

Files are read in order; what `.kspec` files import is read as if it had been named.
CustomResourceDefinitions extend the types before any object is decoded. Every mistake of every file is told
in one run.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from kspec.ir.nodes import Program
from kspec.ir.properties import Property
from kspec.ir.types import TypeTable
from kspec.resources.configurations import Configuration, is_configuration
from kspec.resources.crd import is_crd, with_crds
from kspec.resources.decode import Locator, Path
from kspec.resources.files import Finder, Input, find_inputs
from kspec.resources.objects import DEFAULT_NAMESPACE, KubeObject, ObjectKey, ObjectReader
from kspec.resources.types import DEFAULT_VERSION, load_types, versions
from kspec.resources.yaml import load_yaml
from kspec.source import NOWHERE, Diagnostic, Severity, SourceFile, Span, has_errors

if TYPE_CHECKING:
    from kspec.elaborate.clusters import ClusterSpec
    from kspec.elaborate.library import Library
    from kspec.elaborate.profiles import Profile
    from kspec.elaborate.user import User
    from kspec.syntax import ast

LIST = "List"


@dataclass(frozen=True, slots=True)
class Workspace:
    """All that the inputs say. With errors among the diagnostics the rest is what could be read all the
    same."""

    objects: tuple[KubeObject, ...] = ()
    clusters: tuple[ClusterSpec, ...] = ()
    properties: tuple[Property, ...] = ()
    rules: Program = field(default_factory=lambda: Program(()))
    table: TypeTable = field(default_factory=TypeTable, repr=False)
    diagnostics: tuple[Diagnostic, ...] = ()
    version: str = DEFAULT_VERSION
    params: Mapping[str, object] = field(default_factory=dict)
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    configurations: tuple[Configuration, ...] = ()

    @property
    def ok(self) -> bool:
        return not has_errors(self.diagnostics)

    @property
    def unmodelled(self) -> dict[tuple[str, str], int]:
        """(apiVersion, kind) of objects that no type describes, and how many there are of each."""
        unknown = Counter((o.api_version, o.key.kind) for o in self.objects if o.kind is None)
        return dict(sorted(unknown.items()))


def load_workspace(
    paths: Sequence[str],
    *,
    version: str | None = None,
    stdin: Callable[[], bytes] | None = None,
    strict: bool = True,
    params: Mapping[str, object] | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    library: Library | None = None,
) -> Workspace:
    """Reads files, folders, patterns and `-` (standard input).

    `version` of Kubernetes: else what a `kubernetes` declaration says, else the default. `strict`: unknown
    fields are errors. `params`: values for the parameters that `.kspec` files declare. `namespace`: of
    objects that name none. `library`: the standard rules' signatures, if not those that are generated.
    """
    with paused_collector():
        return _Loading(
            version, stdin or sys.stdin.buffer.read, strict, params or {}, namespace, library
        ).load(paths)


@contextmanager
def paused_collector() -> Iterator[None]:
    """No garbage collection meanwhile: many objects are made and none is garbage, so it would only cost
    time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Raw:
    """A value that should be an object, and where it stands: at `base` inside `where`."""

    value: Any
    where: Locator
    base: Path = ()
    gives_way: bool = False


class _Loading:
    def __init__(
        self,
        version: str | None,
        stdin: Callable[[], bytes],
        strict: bool,
        params: Mapping[str, object],
        namespace: str,
        library: Library | None,
    ) -> None:
        self.version = version
        self.finder = Finder(stdin)
        self.strict = strict
        self.params = params
        self.namespace = namespace
        self.library = library
        self.mistakes: list[Diagnostic] = []

    def load(self, paths: Sequence[str]) -> Workspace:
        if not paths:
            self.tell("KS2613", "no input was named", NOWHERE, "name files, folders or patterns, or `-`")
        self.finder = find_inputs(paths, self.finder.stdin)
        module = self.read_modules()
        read = [r for i in self.finder.inputs if not _is_kspec(i) for r in self.read_documents(i)]
        raw = [r for r in read if not is_configuration(r.value)]
        table = self.with_declared(self.types(module), module, raw)
        table = with_crds(table, [r.value for r in raw if is_crd(r.value)])
        user = self.elaborate(module, table) if module is not None else None
        if user is not None:
            table = user.types
            raw += [_Raw(m.value, _Positions(m.positions, m.span), (), m.implied) for m in user.objects]
        objects = self.read_objects(raw, table)
        mistakes = [*self.finder.mistakes, *self.mistakes]
        files = tuple(i.file.path for i in self.finder.inputs)
        configurations = tuple(
            Configuration(r.value, r.where, r.base) for r in read if is_configuration(r.value)
        )
        version = self.version or DEFAULT_VERSION
        found = Workspace(objects, table=table, version=version, files=files, configurations=configurations)
        return _joined(found, user, _in_order(mistakes, files))

    def tell(
        self, code: str, message: str, span: Span, help_: str = "", notes: tuple[tuple[Span, str], ...] = ()
    ) -> None:
        self.mistakes.append(Diagnostic(code, message, span, help=help_, notes=notes))

    # ---- the language

    def read_modules(self) -> ast.Module | None:
        """All `.kspec` inputs, with those that they import, as one module; None if there are none."""
        declarations: list[ast.Declaration] = []
        position, seen = 0, 0
        while position < len(self.finder.inputs):  # imports append to the inputs while we go
            entry = self.finder.inputs[position]
            position += 1
            if not _is_kspec(entry):
                continue
            seen += 1
            module = self.parse(entry.file)
            declarations += module.declarations
            self.follow_imports(module, entry.file)
        if not seen:
            return None
        from kspec.syntax import ast

        return ast.Module(tuple(declarations))

    def parse(self, file: SourceFile) -> ast.Module:
        from kspec.syntax.parse import parse_module

        module, mistakes = parse_module(file)
        self.mistakes += mistakes
        return module

    def follow_imports(self, module: ast.Module, file: SourceFile) -> None:
        from kspec.syntax import ast

        folder = os.path.dirname(file.path)
        for declaration in module.declarations:
            if isinstance(declaration, ast.Import):
                suffixes = (".kspec",) if declaration.what == "kspec" else (".yaml", ".yml", ".json")
                self.finder.add(declaration.pattern, declaration.span, folder, suffixes)

    def types(self, module: ast.Module | None) -> TypeTable:
        """The types of the version that was asked for, or that the module declares."""
        span = NOWHERE
        if self.version is None and module is not None:
            from kspec.syntax import ast

            for declaration in module.declarations:
                if isinstance(declaration, ast.Kubernetes):
                    self.version, span = declaration.version, declaration.span
                    break
        known = versions()
        if self.version is not None and self.version not in known:
            help_ = f"known are {known[0]} to {known[-1]}"
            self.tell("KS2614", f"the types of Kubernetes `{self.version}` are not known", span, help_)
            self.version = None
        return load_types(self.version or DEFAULT_VERSION)

    def with_declared(self, table: TypeTable, module: ast.Module | None, raw: Sequence[_Raw]) -> TypeTable:
        """The table with the kinds that the standard rules declare, if more than the API's own are used."""
        own = {(k.api_version, k.kind) for k in table.kinds}
        if module is None and all(_kind(r.value) in own and not is_crd(r.value) for r in raw):
            return table
        self.library = self.library or load_library()
        return self.library.types(table)

    def elaborate(self, module: ast.Module, table: TypeTable) -> User:
        from kspec.elaborate.user import elaborate_user

        user = elaborate_user(module, self.library or load_library(), table, self.params)
        self.mistakes += user.diagnostics
        return user

    # ---- YAML and JSON

    def read_documents(self, entry: Input) -> list[_Raw]:
        documents, mistakes = load_yaml(entry.file)
        self.mistakes += mistakes
        if not entry.named and not mistakes and not any(_looks_like_object(d.value) for d in documents):
            if documents:
                message = f"`{entry.file.path}` holds no objects of Kubernetes and was skipped"
                note = Diagnostic("KS2612", message, Span(entry.file, 0, 0), Severity.NOTE)
                self.mistakes.append(note)
            return []
        return [raw for d in documents for raw in self.flattened(_Raw(d.value, d))]

    def flattened(self, raw: _Raw) -> Iterator[_Raw]:
        """The objects that a value holds: its items if it is a List, else itself; without what is
        Kustomize's."""
        value = raw.value
        if _is_kustomization(value):
            message = f"`{raw.where.locate(raw.base).file.path}` is a kustomization and was skipped"
            help_ = "name the output of `kubectl kustomize` instead"
            place = raw.where.locate(raw.base)
            self.mistakes.append(Diagnostic("KS2612", message, place, Severity.NOTE, help_))
            return
        if not _is_list(value):
            yield raw
            return
        items = value.get("items")
        if not isinstance(items, list):
            if items is not None:
                span = raw.where.locate((*raw.base, "items"))
                self.tell("KS2606", f"the items of a {value['kind']} are a list", span)
            return
        for index, item in enumerate(items):
            inner = _Raw(_typed_item(value, item), raw.where, (*raw.base, "items", index))
            yield from self.flattened(inner)

    # ---- objects

    def read_objects(self, raw: Sequence[_Raw], table: TypeTable) -> tuple[KubeObject, ...]:
        reader = ObjectReader(table, strict=self.strict, namespace=self.namespace)
        found: dict[ObjectKey, KubeObject] = {}
        nameless: list[KubeObject] = []
        implied: list[KubeObject] = []
        for entry in raw:
            made, mistakes = reader.read(entry.value, entry.where, entry.base)
            self.mistakes += mistakes
            if made is None:
                continue
            if not made.value["metadata"].get("name"):
                nameless.append(made)  # the API server names it: `generateName`
            elif entry.gives_way:
                implied.append(made)
            elif made.key in found:
                first = found[made.key].locate(("metadata", "name"))
                message = f"there are two objects {made.key}"
                place = made.locate(("metadata", "name"))
                self.tell("KS2615", message, place, "delete or rename one", ((first, "the first is here"),))
            else:
                found[made.key] = made
        for made in implied:
            found.setdefault(made.key, made)
        return (*found.values(), *nameless)


def _kind(value: object) -> tuple[str, str]:
    return (str(value.get("apiVersion")), str(value.get("kind"))) if isinstance(value, dict) else ("", "")


@dataclass(frozen=True, slots=True)
class _Positions:
    """The places of an object that a `.kspec` file describes: by path, as far as they are known."""

    positions: Mapping[Path, Span]
    span: Span

    def locate(self, path: Path) -> Span:
        while path:
            found = self.positions.get(path)
            if found is not None:
                return found
            path = path[:-1]
        return self.span

    def locate_key(self, path: Path) -> Span:
        return self.locate(path)


@cache
def load_library() -> Library:
    """The signatures of the standard rules, as `kspec generate` wrote them down."""
    import json

    from kspec.data import root
    from kspec.elaborate.library import library_from_json

    path = root() / "generated" / "library.json"
    return library_from_json(json.loads(path.read_text(encoding="utf-8")))


def _joined(found: Workspace, user: User | None, mistakes: tuple[Diagnostic, ...]) -> Workspace:
    from dataclasses import replace

    if user is None:
        return replace(found, diagnostics=mistakes)
    return replace(
        found,
        clusters=user.clusters,
        properties=user.properties,
        rules=user.rules,
        params=user.params,
        profiles=user.profiles,
        diagnostics=mistakes,
    )


def _in_order(mistakes: Sequence[Diagnostic], files: Sequence[str]) -> tuple[Diagnostic, ...]:
    """By file as they were named, then by place."""
    rank = {path: position for position, path in enumerate(files)}

    def key(mistake: Diagnostic) -> tuple[int, str, int, str]:
        path, start, code = mistake.sort_key()
        return (rank.get(path, -1), path, start, code)

    return tuple(sorted(mistakes, key=key))


def _is_kspec(entry: Input) -> bool:
    return entry.file.path.endswith(".kspec")


def _looks_like_object(value: object) -> bool:
    return isinstance(value, dict) and ("apiVersion" in value or "kind" in value)


def _is_kustomization(value: object) -> bool:
    return isinstance(value, dict) and str(value.get("apiVersion", "")).startswith("kustomize.config.k8s.io/")


def _is_list(value: object) -> bool:
    """`List`, and the lists of one kind that the API gives back, such as `PodList`."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        return False
    kind = value["kind"]
    return kind == LIST or (kind.endswith(LIST) and "items" in value and "spec" not in value)


def _typed_item(around: Mapping[str, Any], item: Any) -> Any:
    """An item of a `PodList` is a Pod, and need not say so."""
    kind = around["kind"].removesuffix(LIST)
    if not isinstance(item, dict) or not kind:
        return item
    return {"apiVersion": around.get("apiVersion"), "kind": kind} | item
