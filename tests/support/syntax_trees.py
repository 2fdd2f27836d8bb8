"""Draws syntax trees: what the parser could have made, and so what the printer must be able to write."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from kspec.syntax import ast

WORDS = (
    "a",
    "b",
    "spec",
    "status",
    "filter",
    "source",
    "from",
    "type",
    "default",
    "code",
    "use",
    "pool",
    "when",
    "_x1",
    "x",
)
NAMES = st.sampled_from(WORDS)
FIELDS = st.sampled_from((*WORDS, "exists", "in", "true", "a-b", "a/b c.d"))
TEXTS = st.text(max_size=8) | st.sampled_from(('"', "'", "\\", "\n", "a b", "é", "\x7f", "{}", "//"))
RESOURCE_NAMES = st.sampled_from(("web", "redis-cart", "a.b", "0", "in", "A--b")) | TEXTS
TIMES = st.sampled_from(("90s", "5min", "1h30min", "500ms", "-2h"))
QUANTITIES = st.sampled_from(("250m", "16Gi", "1.5G", "3E", "-1Ki"))
INTS = st.integers(-(2**63), 2**63 - 1)

LITERALS = st.one_of(
    st.builds(ast.Literal, st.just("int"), INTS),
    st.builds(ast.Literal, st.just("uint"), st.integers(0, 2**64 - 1)),
    st.builds(
        ast.Literal,
        st.just("double"),
        st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x != 0 or str(x) == "0.0"),
    ),
    st.builds(ast.Literal, st.just("string"), TEXTS),
    st.builds(ast.Literal, st.just("bytes"), st.binary(max_size=5)),
    st.builds(ast.Literal, st.just("bool"), st.booleans()),
    st.just(ast.Literal("null", None)),
)
KSPEC_LITERALS = (
    LITERALS
    | st.builds(ast.Literal, st.just("quantity"), QUANTITIES)
    | st.builds(ast.Literal, st.just("time"), TIMES)
)
IDENTS = st.builds(ast.Ident, NAMES, st.booleans())
OPERATORS = st.sampled_from(("||", "&&", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"))


def tuples(elements: st.SearchStrategy[Any], low: int = 0, high: int = 3) -> st.SearchStrategy[Any]:
    return st.lists(elements, min_size=low, max_size=high).map(tuple)


def with_optional(elements: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Elements, and the places of those that are optional."""
    return st.lists(st.tuples(elements, st.booleans()), max_size=3).map(
        lambda pairs: (
            tuple(e for e, _ in pairs),
            tuple(i for i, (_, optional) in enumerate(pairs) if optional),
        )
    )


def _shared(e: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What both languages have."""
    return st.one_of(
        st.builds(ast.Select, e, FIELDS, st.booleans()),
        st.builds(ast.Index, e, e, st.booleans()),
        st.builds(ast.Call, NAMES, tuples(e)),
        st.builds(ast.Call, NAMES, tuples(e), e),
        st.builds(ast.Unary, st.sampled_from("!-"), e),
        st.builds(ast.Binary, OPERATORS, e, e),
        st.builds(ast.Conditional, e, e, e),
        with_optional(e).map(lambda x: ast.ListExpr(*x)),
    )


def _cel(e: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    entries = with_optional(st.tuples(e, e)).map(lambda x: ast.MapExpr(*x))
    types = st.sampled_from(("A", "a.b.C", ".x.Y"))
    inits = st.tuples(types, with_optional(st.tuples(FIELDS, e))).map(lambda x: ast.StructExpr(x[0], *x[1]))
    return _shared(e) | entries | inits


SEGMENTS = (
    st.builds(ast.Name, FIELDS | TEXTS) | st.builds(ast.ItemKey, RESOURCE_NAMES) | st.just(ast.EachItem())
)
PATHS = st.tuples(st.builds(ast.Name, FIELDS | TEXTS), tuples(SEGMENTS, 0, 2)).map(lambda x: (x[0], *x[1]))


def fields(e: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return tuples(st.builds(ast.Field, PATHS, e, st.booleans()) | st.builds(ast.ComputedField, e, e))


def _kspec(e: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    bindings = tuples(st.builds(ast.Binding, NAMES, e), 1, 2)
    return st.one_of(
        _shared(e),
        st.builds(ast.Binary, st.just("implies"), e, e),
        st.builds(ast.Range, e, e),
        st.builds(ast.ObjectExpr, fields(e)),
        st.builds(ast.Quantified, st.sampled_from(("forall", "exists")), bindings, st.none() | e, e),
        st.builds(ast.Temporal, st.sampled_from(("always", "never", "eventually")), e),
        st.builds(ast.Temporal, st.just("eventually"), e, e),
    )


CEL = st.recursive(LITERALS | IDENTS, _cel, max_leaves=12)
"""Expressions of strict CEL, but for reserved words as names."""
KSPEC = st.recursive(KSPEC_LITERALS | IDENTS, _kspec, max_leaves=12)
"""Expressions of the rule language."""

# ---- declarations

E = st.recursive(KSPEC_LITERALS | IDENTS, _kspec, max_leaves=4)
TYPES = st.recursive(
    st.builds(ast.TypeRef, st.sampled_from(("int", "core.Pod", "a.b.C"))),
    lambda t: st.builds(ast.TypeRef, st.sampled_from(("list", "map")), tuples(t, 1, 2)),
    max_leaves=3,
)
DOCS = st.sampled_from(("", "One line.", 'Two\n\nlines: { "x" } // y', "  indented"))
PARAMS = tuples(st.builds(ast.Param, NAMES, TYPES, st.none() | E))
PLAIN_FIELDS = tuples(st.builds(ast.Field, PATHS, E, st.booleans()))
OBJECTS = st.builds(ast.ObjectExpr, fields(E))


def _statements(s: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(ast.When, E, tuples(s), tuples(s)),
        st.builds(ast.Each, NAMES, E, tuples(s)),
    )


STATEMENTS = st.recursive(
    st.one_of(
        st.builds(ast.Source, TEXTS),
        st.builds(ast.Let, NAMES, E, st.none() | TYPES),
        st.builds(ast.Return, E),
        st.builds(ast.Require, E, st.none() | PATHS, st.none() | E, st.none() | TEXTS),
        st.builds(ast.Decide, st.sampled_from(("allow", "deny", "pass")), E, st.none() | E),
        st.builds(ast.Set, PATHS, E),
        st.builds(ast.Default, PATHS, E),
        st.builds(ast.Create, TYPES, st.none() | E, st.none() | E, st.none() | OBJECTS),
        st.builds(ast.Delete, E),
        st.builds(ast.Update, E, OBJECTS),
        st.builds(ast.Status, OBJECTS),
        st.builds(ast.Requeue, E),
    ),
    _statements,
    max_leaves=4,
)
CLAUSES = tuples(
    st.one_of(
        st.builds(ast.Clause, st.sampled_from(("owns", "reads")), TYPES, NAMES, st.none() | E),
        st.builds(ast.Clause, st.sampled_from(("on", "after")), st.none(), NAMES, st.none()),
        st.builds(ast.Clause, st.just("weight"), st.none(), st.none(), E),
        st.builds(ast.Clause, st.just("for"), TYPES, st.none(), st.none()),
    )
)
RULES = st.builds(
    ast.Rule,
    st.sampled_from(ast.RULE_KINDS),
    NAMES,
    PARAMS,
    PARAMS,
    st.none() | TYPES,
    CLAUSES,
    tuples(STATEMENTS),
    DOCS,
)
KINDS = st.sampled_from(("Pod", "apps.Deployment", "Status"))
STRINGS = RESOURCE_NAMES.map(lambda t: ast.Literal("string", t))
RESOURCES = st.builds(ast.Resource, KINDS, STRINGS | E, fields(E), DOCS)
USES = st.builds(ast.Use, NAMES, tuples(st.tuples(NAMES, E)))
NAMESPACES = st.builds(ast.Namespace, RESOURCE_NAMES, PLAIN_FIELDS, tuples(RESOURCES | USES, 0, 2), DOCS)
POOLS = st.builds(ast.Block, st.just("pool"), RESOURCE_NAMES, PLAIN_FIELDS, st.just(()), DOCS)
DECLARATIONS = st.one_of(
    RULES,
    st.builds(ast.TypeDecl, NAMES, tuples(st.builds(ast.TypeField, NAMES, TYPES, DOCS)), DOCS),
    st.builds(
        ast.Block,
        st.sampled_from(("cluster", "profile", "resource")),
        RESOURCE_NAMES,
        PLAIN_FIELDS,
        tuples(POOLS, 0, 2),
        DOCS,
    ),
    RESOURCES,
    USES,
    NAMESPACES,
    st.builds(ast.Template, NAMES, PARAMS, tuples(RESOURCES | USES, 0, 2), DOCS),
    st.builds(ast.ParamDecl, NAMES, TYPES, st.none() | E, DOCS),
    st.builds(ast.Import, NAMES, TEXTS, st.none() | NAMES),
    st.builds(ast.Kubernetes, TEXTS),
    st.builds(
        ast.Property, st.sampled_from(("assert", "prove", "forbid")), TEXTS, st.none() | OBJECTS, E, DOCS
    ),
    st.builds(
        ast.Expect,
        TEXTS,
        tuples(
            st.builds(
                ast.Expectation, st.sampled_from(("holds", "violated")), tuples(RESOURCES | NAMESPACES, 1, 2)
            ),
            0,
            2,
        ),
        DOCS,
    ),
)
MODULES = st.builds(ast.Module, tuples(DECLARATIONS))
