"""Knows which pods no rule of a profile can tell apart: those that agree on every field that it may read.

A pod's name is among what rules may read, but hardly ever do. It counts only for the classes where one did.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kspec.ir.reads import COUNT, EACH, PRESENT
from kspec.model.engine.seen import frozen
from kspec.model.objects import Object, name_of
from kspec.runtime.rulebook import Paths
from kspec.runtime.same import Same

NAME = ("metadata", "name")
SPECS_MAX = 10_000
"""Of how many specs it is remembered what matters of them."""
Tree = dict[str, Any]


class PodClass:
    """Pods that are alike. `pod`, one of them, stands for all; `added`: how often one came to a node."""

    __slots__ = ("added", "key", "name", "number", "pod")

    def __init__(self, number: int, key: object, name: str, pod: Object) -> None:
        self.number = number
        self.key = key
        self.pod = pod
        self.name = name
        self.added = 0


class _Named(dict[str, Any]):
    """A pod's metadata; notes when the name is asked for."""

    __slots__ = ("_book", "_key")

    def __init__(self, of: dict[str, Any], book: ClassBook, key: object) -> None:
        super().__init__(of)
        self._book = book
        self._key = key

    def get(self, key: Any, default: Any = None) -> Any:
        if key == "name":
            self._book.by_name[self._key] = None
        return super().get(key, default)


class ClassBook:
    """The classes of pods, by what they agree on."""

    def __init__(self, reads: Iterable[Paths]) -> None:
        paths = set().union(*reads)
        self._tree = tree_of(paths - {NAME})
        self._spec = None if self._tree is None else self._tree.pop("spec", {})
        self._specs: dict[Same, object] = {}
        self._classes: dict[object, PodClass] = {}
        self.by_name: dict[object, None] = {}
        """What those agree on of which a rule has asked the name."""

    def __len__(self) -> int:
        return len(self._classes)

    def of(self, pod: Object) -> PodClass:
        key: object = (project(pod, self._tree), self._of_spec(pod.get("spec")))
        if key in self.by_name:
            key = (key, name_of(pod))
        found = self._classes.get(key)
        if found is None:
            meta = _Named(pod.get("metadata") or {}, self, key)
            found = PodClass(len(self._classes), key, name_of(pod), {**pod, "metadata": meta})
            self._classes[key] = found
        return found

    def _of_spec(self, spec: object) -> object:
        """What matters of a spec; a pod keeps its own through all changes of status."""
        key = Same(spec)
        known = self._specs.get(key)
        if known is None:
            if len(self._specs) >= SPECS_MAX:
                self._specs.clear()
            known = self._specs[key] = project(spec, self._spec)
        return known

    def stands_for(self, its: PodClass, pod: Object) -> bool:
        """Is what was found for the class true of this pod, its name included if a rule asked for it?"""
        return its.key not in self.by_name or its.name == name_of(pod)

    def mixed(self) -> bool:
        """Do several pods count as one whose names a rule has asked for?"""
        return any((its := self._classes.get(key)) is not None and its.added > 1 for key in self.by_name)

    def forget(self) -> None:
        self._classes.clear()


def tree_of(paths: Iterable[tuple[str, ...]]) -> Tree | None:
    """The paths as a tree; None stands for all that there is."""
    root: Tree | None = {}
    for path in sorted(paths):
        root = _grown(root, path)
    return root


def _grown(tree: Tree | None, path: tuple[str, ...]) -> Tree | None:
    if tree is None or not path:
        return None
    tree[path[0]] = _grown(tree.get(path[0], {}), path[1:])
    return tree


def project(value: Any, tree: Tree | None) -> object:
    """What of the value is below the tree, hashable."""
    if tree is None:
        return frozen(value)
    if isinstance(value, dict):
        if EACH in tree:
            below = tree[EACH]
            return tuple([(k, project(v, below)) for k, v in value.items()])
        if COUNT in tree:
            return tuple(value)
        return tuple(
            [
                (step, found if type(found) is str else project(found, below))
                for step, below in tree.items()
                if (found := value.get(step)) is not None
            ]
        )
    if isinstance(value, (list, tuple)):
        if EACH in tree:
            below = tree[EACH]
            return tuple([project(v, below) for v in value])
        return len(value)
    if PRESENT in tree and len(tree) == 1:
        return True
    return frozen(value)
