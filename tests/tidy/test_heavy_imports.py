"""Heavy packages are imported where they are used, never by a module that every command needs."""

from __future__ import annotations

import ast

from support.source_tree import Module, modules

# Package -> where a top-level import of it is allowed (prefixes of module names).
HOMES: dict[str, tuple[str, ...]] = {
    "z3": ("kspec.solve.z3",),
    "hypothesis": ("kspec.testing",),
    "pytest": ("kspec.testing",),
    "jinja2": (),
    "lark": ("kspec.syntax",),
    "rich": (),
    "yaml": ("kspec.resources",),
    "click": ("kspec.cli",),
    "kubernetes_validate": (),
}


def top_level_imports(module: Module) -> set[str]:
    found: set[str] = set()
    for node in module.tree.body:
        if isinstance(node, ast.Import):
            found |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_heavy_packages_are_imported_at_the_top_only_at_home() -> None:
    wrong = [
        f"{m.shown} imports {package} at the top"
        for m in modules()
        for package in sorted(top_level_imports(m) & set(HOMES))
        if not m.name.startswith(HOMES[package] or ("-",))
    ]
    assert not wrong, "\n".join(wrong)
