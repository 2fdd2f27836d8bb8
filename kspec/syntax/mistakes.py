"""Knows mistakes in the structure of a file, and what was meant by them: one function for each kind of
mistake.

Each looks at the raw token at which the parser stopped and at its neighbours, and returns a `Mistake` or
None. The first
that answers is told; those in `misspelt.py` are about values and operators.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from kspec.syntax.expected import CLOSERS, OPENERS, SIGNS
from kspec.syntax.explain import STOP, Mistake, broken_off, still_open
from kspec.syntax.foreign import DECLARATIONS, STATEMENTS, meant
from kspec.syntax.lexer import BLANK
from kspec.syntax.lookahead import View
from kspec.syntax.misspelt import (
    above,
    bare_text,
    equals_sign,
    let_without_equals,
    logical_word,
    parameter_without_type,
    percentage,
    quote_missing,
    strange_operator,
    type_brackets,
    using_after_result,
    word_as_name,
)
from kspec.syntax.table import END


def recognise(view: View, i: int) -> Mistake | None:
    """The mistake that shows at raw token `i`, if it is one that people often make."""
    for look in LOOKS:
        mistake = look(view, i)
        if mistake is not None:
            return mistake
    return None


def yaml_document(view: View, i: int) -> Mistake | None:
    """`apiVersion: v1` or `---` at the margin: the whole file is YAML."""
    first = view.raw[0]
    yaml = (first.text in ("apiVersion", "kind") and i == 1) or view.text[
        first.start : first.start + 3
    ] == "---"
    if not yaml or i > 3:
        return None
    help = "name the file .yaml, or turn it into the language with `kspec import`"
    return Mistake("KS1006", "this is YAML", first.start, view.raw[i].end, help, resume=STOP)


def outside_of_object(view: View, i: int) -> Mistake | None:
    """`replicas: 3` where declarations stand: the object was closed too early."""
    if (
        view.raw[i].kind not in ("COLON", "LBRACE", "EQUAL")
        or not i
        or not view.top()
        or view.open_brackets()
    ):
        return None
    states = view.machine.states
    if any(
        view.symbols[s] not in ("declarations", "path", "segment", "NAME", "STRING", "DOT", "item", "")
        for s in states
    ):
        return None
    start = view.machine.starts[1] if len(view.machine.starts) > 1 else view.raw[i - 1].start
    path = view.raw[view.index(start) : i]
    if any(
        t.kind not in ("DOT", "LSQB", "RSQB") and u.kind not in ("DOT", "LSQB", "RSQB")
        for t, u in pairwise(path)
    ):
        return None
    if len(path) == 1 and path[0].text[:1].isupper() and view.raw[i].kind == "LBRACE":
        message = f"this `{path[0].text}` has no name"
        help = f"write `{path[0].text} some-name {{`"
        return Mistake(
            "KS1109", message, start, path[0].end, help, insert=(("STRING", '""'),), resume=view.raw[i].start
        )
    name = view.text[start : view.raw[i - 1].end]
    notes: tuple[tuple[int, int, str], ...] = ()
    before = view.index(start) - 1
    if before >= 0 and view.raw[before].kind == "RBRACE":
        notes = ((view.raw[before].start, view.raw[before].end, "the last object ends here"),)
    help = "move it into the braces of its object"
    return Mistake(
        "KS1007", f"the field `{name}` stands outside of any object", start, view.raw[i - 1].end, help, notes
    )


def superfluous_closer(view: View, i: int) -> Mistake | None:
    token = view.raw[i]
    if token.kind not in CLOSERS:
        return None
    brackets = [view.symbols[view.machine.states[b]] for b in view.open_brackets()]
    if brackets and (
        CLOSERS[token.kind] in brackets
        or brackets[-1] != "LBRACE"
        or view.fits(view.machine.states, i + 1) < 2
    ):
        return None
    help = "leave it out, or look for a bracket that is closed too early"
    return Mistake(
        "KS1003", f"this `{token.text}` closes nothing", token.start, token.end, help, resume=token.end
    )


def wrong_closer(view: View, i: int) -> Mistake | None:
    """`[1, 2)`"""
    token = view.raw[i]
    brackets = view.open_brackets()
    if token.kind not in CLOSERS or not brackets:
        return None
    opener = view.symbols[view.machine.states[brackets[-1]]]
    if opener == CLOSERS[token.kind] or not view.machine.accepts(view.machine.states, (OPENERS[opener],)):
        return None
    place = view.machine.starts[brackets[-1] - 1]
    wanted = OPENERS[opener]
    kinds = [view.symbols[view.machine.states[b]] for b in brackets]
    if CLOSERS[token.kind] in kinds:
        return still_open(view, place, opener, i)._replace(
            insert=((wanted, SIGNS[wanted]),), resume=token.start
        )
    note = ((place, place + 1, "it would close this"),)
    message = f"`{token.text}` does not close `{SIGNS[opener]}`"
    insert = ((wanted, SIGNS[wanted]),)
    return Mistake(
        "KS1003",
        message,
        token.start,
        token.end,
        f"write `{SIGNS[wanted]}`",
        note,
        insert=insert,
        resume=token.end,
    )


def unknown_word(view: View, i: int) -> Mistake | None:
    """`functon f(…)`, `retrun x`: a word that should begin a declaration or statement, and is not one
    that can."""
    for k in (i, i - 1, i - 2):
        if k < 0 or "NAME" not in (view.raw[k].kind, *view.raw[k].others):
            continue
        if not view.raw[k].begins_line and view.raw[k - 1].kind != "RBRACE":
            continue
        mistake = _unknown(view, k)
        if mistake is not None:
            return mistake
    return None


def _unknown(view: View, k: int) -> Mistake | None:
    token = view.raw[k]
    context = next(
        (
            c
            for c in view.contexts()
            if c >= len(view.machine.starts) or view.machine.starts[c] >= token.start
        ),
        None,
    )
    if context is None:
        return None
    states = view.machine.states[: context + 1]
    for words, what, sure in ((DECLARATIONS, "declaration", "FUNCTION"), (STATEMENTS, "statement", "RETURN")):
        if not view.machine.accepts(states, (sure,)):
            continue
        if token.text in words:
            return None
        near = meant(token.text, words)
        if near == "otherwise":
            help = "did you mean `otherwise`?"
            return Mistake("KS1004", f"`{token.text}` begins no {what}", token.start, token.end, help)
        if not near and what == "declaration" and not token.text[0].isupper():
            help = "declarations begin with a word of the language or with a kind"
            return Mistake("KS1004", f"`{token.text}` begins no declaration", token.start, token.end, help)
        if not near:
            return None
        message = f"`{token.text}` begins no {what}"
        mistake = Mistake("KS1004", message, token.start, token.end, f"did you mean `{near}`?")
        after = list(states)
        view.machine.shift(after, (near.upper(),))
        if view.fits(after, k + 1) < 2:
            return mistake
        drop = len(view.machine.states) - len(states)
        return mistake._replace(drop=drop, insert=((near.upper(), near),), resume=token.end)
    return None


def yaml_nesting(view: View, i: int) -> Mistake | None:
    """`spec:` and then, deeper on the next line, `replicas: 3`."""
    if view.raw[i].kind not in ("COLON", "END", "DOT", "LSQB") or i < 2:
        return None
    k = i - 1
    while k > 0 and not view.raw[k].begins_line:
        k -= 1
    colon = view.raw[k - 1] if k else view.raw[0]
    if colon.kind != "COLON" or k < 2 or view.raw[k].kind in OPENERS:
        return None
    path, indent = _key(view, k - 1)
    inner = view.raw[k]
    if view.indent(inner.start) > indent:
        help = f"braces, not indentation, make an object: `{path} {{ … }}`"
        message = f"`{path}:` is followed by fields without braces"
        return Mistake("KS1006", message, colon.start, colon.end, help, resume=_dedent(view, i, indent))
    message = f"`{path}:` has no value"
    resume = inner.start
    return Mistake(
        "KS1001", message, colon.start, colon.end, "write a value after the `:`", resume=None
    )._replace(drop=above(view, colon.end), insert=(("NULL", "null"),), resume=resume)


def yaml_list(view: View, i: int) -> Mistake | None:
    """`- name: a` under a field."""
    k = i
    while k > 0 and not view.raw[k].begins_line:
        k -= 1
    dash = view.raw[k]
    if dash.kind != "MINUS" or not k or view.raw[k - 1].kind not in ("COLON", "LBRACE", "LSQB"):
        return None
    if dash.end < len(view.text) and view.text[dash.end] not in BLANK:
        return None
    path, indent = _key(view, k - 1)
    help = f"lists stand in brackets: `{path}: [{{ … }}, {{ … }}]`"
    return Mistake("KS1006", "`-` makes no list", dash.start, dash.end, help, resume=_dedent(view, i, indent))


def _key(view: View, colon: int) -> tuple[str, int]:
    """The path before the colon at a raw token, and the indentation of its line."""
    k = colon
    while k > 0 and not view.raw[k].begins_line and view.raw[k - 1].kind not in ("LBRACE", "COMMA"):
        k -= 1
    return view.text[view.raw[k].start : view.raw[colon].start].strip() or "field", view.indent(
        view.raw[k].start
    )


def _dedent(view: View, i: int, indent: int) -> int:
    """The place of the first line after raw token `i` that is no deeper than `indent` and no item of a
    YAML list."""
    depth = 0
    for token in view.raw[i:]:
        if token.kind == END or (
            token.begins_line and depth <= 0 and token.kind != "MINUS" and view.indent(token.start) <= indent
        ):
            return token.start
        depth += (token.kind in OPENERS) - (token.kind in CLOSERS)
        if depth < 0:
            return token.start
    return len(view.text)


def unknown_block(view: View, i: int) -> Mistake | None:
    """`namespac shop {` with a mistake inside that comes of it: it was read as a resource of that kind."""
    for c in reversed(view.contexts()):
        states, starts = view.machine.states, view.machine.starts
        if c + 2 >= len(states) or view.symbols[states[c + 1]] != "path":
            continue
        k = view.index(starts[c])
        word = view.raw[k].text
        if (
            view.raw[k + 1].kind == "DOT"
            or word[:1].isupper()
            or not view.machine.accepts(states[: c + 1], ("FUNCTION",))
        ):
            continue
        near = meant(word)
        after = states[: c + 1]
        if (
            near
            and near[0].islower()
            and view.machine.shift(after, (near.upper(),))
            and view.fits(after, k + 1) >= 2
        ):
            return Mistake(
                "KS1004",
                f"`{word}` begins no declaration",
                view.raw[k].start,
                view.raw[k].end,
                f"did you mean `{near}`?",
                drop=len(states) - c - 1,
                insert=((near.upper(), near),),
                resume=view.raw[k].end,
            )
    return None


LOOKS: tuple[Callable[[View, int], Mistake | None], ...] = (
    yaml_document, superfluous_closer, wrong_closer, unknown_block, logical_word, percentage, quote_missing,
    yaml_list, type_brackets, parameter_without_type, using_after_result, broken_off, outside_of_object, unknown_word, yaml_nesting,
    bare_text,
    strange_operator, equals_sign, word_as_name, let_without_equals,
)  # fmt: skip
"""In this order: the surest first."""
