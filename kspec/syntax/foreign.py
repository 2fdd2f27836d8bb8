"""Knows which word of ours was meant by a word that we do not have."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

DECLARATIONS = [
    "function",
    "filter",
    "score",
    "authorizer",
    "default",
    "validate",
    "admit",
    "controller",
    "gate",
    "domain",
    "type",
    "cluster",
    "profile",
    "resource",
    "namespace",
    "use",
    "template",
    "param",
    "import",
    "kubernetes",
    "assert",
    "prove",
    "forbid",
    "expect",
]
STATEMENTS = [
    "source",
    "let",
    "return",
    "require",
    "allow",
    "deny",
    "pass",
    "when",
    "each",
    "set",
    "create",
    "delete",
    "update",
    "status",
    "requeue",
]

FOREIGN = {
    "if": "when",
    "elif": "otherwise",
    "else": "otherwise",
    "for": "each",
    "foreach": "each",
    "var": "let",
    "const": "let",
    "def": "function",
    "func": "function",
    "fn": "function",
    "fun": "function",
    "struct": "type",
    "record": "type",
    "include": "import",
    "variable": "param",
    "parameter": "param",
    "check": "assert",
    "invariant": "prove",
    "theorem": "prove",
    "never": "forbid",
    "deployment": "Deployment",
    "service": "Service",
    "pod": "Pod",
    "test": "expect",
    "ensure": "require",
    "rule": "validate",
}
"""Words of other languages, and ours."""


def meant(word: str, among: Collection[str] = DECLARATIONS) -> str:
    """The word that was probably meant, or nothing."""
    ours = FOREIGN.get(word, "")
    if ours in among or ours[:1].isupper() or ours == "otherwise":
        return ours
    return next(iter(get_close_matches(word, among, 1, 0.6)), "")
