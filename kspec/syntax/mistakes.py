"""Knows the mistakes that people make, and what they meant: one function for each kind of mistake.

Each looks at the raw token at which the parser stopped and at its neighbours, and returns a `Mistake` or None. The first that
answers is told.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from kspec.syntax.expected import CLOSERS, OPENERS, SIGNS
from kspec.syntax.foreign import DECLARATIONS, STATEMENTS, meant
from kspec.syntax.lexer import BLANK
from kspec.syntax.table import END

if TYPE_CHECKING:
    from kspec.syntax.recover import Recoverer


class Mistake(NamedTuple):
    """What to tell, and how to go on: drop so many symbols, insert these tokens (kind, text), resume at a place.

    Without a place the recovery looks for the next field, statement or declaration itself.
    """

    code: str
    message: str
    start: int
    end: int
    help: str = ""
    notes: tuple[tuple[int, int, str], ...] = ()
    drop: int = 0
    insert: tuple[tuple[str, str], ...] = ()
    resume: int | None = None


STOP = -1
"""The place to resume at when there is nothing more to read."""

LOGICAL = {"and": "&&", "or": "||", "not": "!", "AND": "&&", "OR": "||", "NOT": "!"}
_RUN = re.compile(r"[^\s,{}\[\]()\"']+")

_CRON = re.compile(r"[*0-9][*0-9/,-]*(?: +[*0-9][*0-9/,-]*){4}(?= *[\n}])")


def recognise(r: Recoverer, i: int) -> Mistake | None:
    for look in (
        yaml_document, superfluous_closer, wrong_closer, logical_word, percentage, yaml_list, type_brackets,
        parameter_without_type, using_after_result, type(r).broken_off, outside_of_object, unknown_word, yaml_nesting, bare_text,
        strange_operator, equals_sign, word_as_name, let_without_equals,
    ):  # fmt: skip
        mistake = look(r, i)
        if mistake is not None:
            return mistake
    return None


def yaml_document(r: Recoverer, i: int) -> Mistake | None:
    """`apiVersion: v1` or `---` at the margin: the whole file is YAML."""
    first = r.raw[0]
    yaml = first.text in ("apiVersion", "kind") and i == 1 or r.text[first.start : first.start + 3] == "---"
    if not yaml or i > 3:
        return None
    help = "name the file .yaml, or turn it into the language with `kspec import`"
    return Mistake("KS1006", "this is YAML", first.start, r.raw[i].end, help, resume=STOP)


def outside_of_object(r: Recoverer, i: int) -> Mistake | None:
    """`replicas: 3` where declarations stand: the object was closed too early."""
    if r.raw[i].kind not in ("COLON", "LBRACE", "EQUAL") or not i or not r.top() or r.open_brackets():
        return None
    states = r.machine.states
    if any(r.symbols[s] not in ("declarations", "path", "segment", "NAME", "STRING", "DOT", "item", "") for s in states):
        return None
    start = r.machine.starts[1] if len(r.machine.starts) > 1 else r.raw[i - 1].start
    path = r.raw[r.index(start) : i]
    if any(t.kind not in ("DOT", "LSQB", "RSQB") and u.kind not in ("DOT", "LSQB", "RSQB") for t, u in pairwise(path)):
        return None
    if len(path) == 1 and path[0].text[:1].isupper() and r.raw[i].kind == "LBRACE":
        message = f"this `{path[0].text}` has no name"
        help = f"write `{path[0].text} some-name {{`"
        return Mistake("KS1109", message, start, path[0].end, help, insert=(("STRING", '""'),), resume=r.raw[i].start)
    name = r.text[start : r.raw[i - 1].end]
    notes = ()
    before = r.index(start) - 1
    if before >= 0 and r.raw[before].kind == "RBRACE":
        notes = ((r.raw[before].start, r.raw[before].end, "the last object ends here"),)
    help = "move it into the braces of its object"
    return Mistake("KS1007", f"the field `{name}` stands outside of any object", start, r.raw[i - 1].end, help, notes)


def superfluous_closer(r: Recoverer, i: int) -> Mistake | None:
    token = r.raw[i]
    if token.kind not in CLOSERS:
        return None
    brackets = [r.symbols[r.machine.states[b]] for b in r.open_brackets()]
    if brackets and (CLOSERS[token.kind] in brackets or brackets[-1] != "LBRACE" or r.fits(r.machine.states, i + 1) < 2):
        return None
    help = "leave it out, or look for a bracket that is closed too early"
    return Mistake("KS1003", f"this `{token.text}` closes nothing", token.start, token.end, help, resume=token.end)


def wrong_closer(r: Recoverer, i: int) -> Mistake | None:
    """`[1, 2)`"""
    token = r.raw[i]
    brackets = r.open_brackets()
    if token.kind not in CLOSERS or not brackets:
        return None
    opener = r.symbols[r.machine.states[brackets[-1]]]
    if opener == CLOSERS[token.kind] or not r.machine.accepts(r.machine.states, (OPENERS[opener],)):
        return None
    place = r.machine.starts[brackets[-1] - 1]
    wanted = OPENERS[opener]
    kinds = [r.symbols[r.machine.states[b]] for b in brackets]
    if CLOSERS[token.kind] in kinds:
        return r.still_open(place, opener, i)._replace(insert=((wanted, SIGNS[wanted]),), resume=token.start)
    note = ((place, place + 1, "it would close this"),)
    message = f"`{token.text}` does not close `{SIGNS[opener]}`"
    insert = ((wanted, SIGNS[wanted]),)
    return Mistake("KS1003", message, token.start, token.end, f"write `{SIGNS[wanted]}`", note, insert=insert, resume=token.end)


def logical_word(r: Recoverer, i: int) -> Mistake | None:
    """`a and b`, `not a`: where the word was read as a name, the mistake shows one or two tokens later."""
    for k in range(i, max(-1, i - 6), -1):
        if k < i and r.raw[k + 1].begins_line and k + 1 < i:
            return None
        if r.raw[k].text not in LOGICAL or r.raw[k].kind != "NAME":
            continue
        token, sign = r.raw[k], LOGICAL[r.raw[k].text]
        before = r.raw[k - 1] if k else None
        if sign != "!" and (before is None or before.kind in SIGNS and before.kind not in CLOSERS):
            continue
        mistake = Mistake("KS1005", f"`{token.text}` is no operator", token.start, token.end, f"write `{sign}`")
        kind = "BANG" if sign == "!" else "OPERATOR"
        if k == i and r.machine.accepts(r.machine.states, (kind,)):
            return mistake._replace(insert=((kind, sign),), resume=token.end)
        if k == i - 1 and sign == "!":
            return mistake._replace(drop=1, insert=(("BANG", "!"),), resume=token.end)
        return mistake
    return None


def unknown_word(r: Recoverer, i: int) -> Mistake | None:
    """`functon f(…)`, `retrun x`: a word that should begin a declaration or statement, and is not one that can."""
    for k in (i, i - 1, i - 2):
        if k < 0 or "NAME" not in (r.raw[k].kind, *r.raw[k].others):
            continue
        if not r.raw[k].begins_line and r.raw[k - 1].kind != "RBRACE":
            continue
        mistake = _unknown(r, k)
        if mistake is not None:
            return mistake
    return None


def _unknown(r: Recoverer, k: int) -> Mistake | None:
    token = r.raw[k]
    context = next((c for c in r.contexts() if c >= len(r.machine.starts) or r.machine.starts[c] >= token.start), None)
    if context is None:
        return None
    states = r.machine.states[: context + 1]
    for words, what, sure in ((DECLARATIONS, "declaration", "FUNCTION"), (STATEMENTS, "statement", "RETURN")):
        if not r.machine.accepts(states, (sure,)):
            continue
        if token.text in words:
            return None
        near = meant(token.text, words)
        if near == "otherwise":
            help = "did you mean `otherwise`?"
            return Mistake("KS1004", f"`{token.text}` begins no {what}", token.start, token.end, help)
        if not near and what == "declaration" and not token.text[0].isupper():
            help = "declarations begin with a word such as `namespace`, `function`, `prove`, or with a kind such as `Deployment`"
            return Mistake("KS1004", f"`{token.text}` begins no declaration", token.start, token.end, help)
        if not near:
            return None
        message = f"`{token.text}` begins no {what}"
        mistake = Mistake("KS1004", message, token.start, token.end, f"did you mean `{near}`?")
        after = list(states)
        r.machine.shift(after, (near.upper(),))
        if r.fits(after, k + 1) < 2:
            return mistake
        drop = len(r.machine.states) - len(states)
        return mistake._replace(drop=drop, insert=((near.upper(), near),), resume=token.end)
    return None


def yaml_nesting(r: Recoverer, i: int) -> Mistake | None:
    """`spec:` and then, deeper on the next line, `replicas: 3`."""
    if r.raw[i].kind not in ("COLON", "END", "DOT", "LSQB") or i < 2:
        return None
    k = i - 1
    while k > 0 and not r.raw[k].begins_line:
        k -= 1
    colon = r.raw[k - 1] if k else r.raw[0]
    if colon.kind != "COLON" or k < 2 or r.raw[k].kind in OPENERS:
        return None
    path, indent = _key(r, k - 1)
    inner = r.raw[k]
    if r.indent(inner.start) > indent:
        help = f"braces, not indentation, make an object: `{path} {{ … }}`"
        message = f"`{path}:` is followed by fields without braces"
        return Mistake("KS1006", message, colon.start, colon.end, help, resume=_dedent(r, i, indent))
    message = f"`{path}:` has no value"
    resume = inner.start
    return Mistake("KS1001", message, colon.start, colon.end, "write a value after the `:`", resume=None)._replace(
        drop=_above_value(r, colon.end), insert=(("NULL", "null"),), resume=resume
    )


def _key(r: Recoverer, colon: int) -> tuple[str, int]:
    """The path before the colon at a raw token, and the indentation of its line."""
    k = colon
    while k > 0 and not r.raw[k].begins_line and r.raw[k - 1].kind not in ("LBRACE", "COMMA"):
        k -= 1
    return r.text[r.raw[k].start : r.raw[colon].start].strip() or "field", r.indent(r.raw[k].start)


def _above_value(r: Recoverer, place: int) -> int:
    """How many symbols stand on the stack after this place."""
    return sum(1 for s in r.machine.starts if s >= place)


def yaml_list(r: Recoverer, i: int) -> Mistake | None:
    """`- name: a` under a field."""
    k = i
    while k > 0 and not r.raw[k].begins_line:
        k -= 1
    dash = r.raw[k]
    if dash.kind != "MINUS" or not k or r.raw[k - 1].kind not in ("COLON", "LBRACE", "LSQB"):
        return None
    if dash.end < len(r.text) and r.text[dash.end] not in BLANK:
        return None
    path, indent = _key(r, k - 1)
    help = f"lists stand in brackets: `{path}: [{{ … }}, {{ … }}]`"
    return Mistake("KS1006", "`-` makes no list", dash.start, dash.end, help, resume=_dedent(r, i, indent))


def _dedent(r: Recoverer, i: int, indent: int) -> int:
    """The place of the first line after raw token `i` that is no deeper than `indent` and no item of a YAML list."""
    depth = 0
    for token in r.raw[i:]:
        if token.kind == END or token.begins_line and depth <= 0 and token.kind != "MINUS" and r.indent(token.start) <= indent:
            return token.start
        depth += (token.kind in OPENERS) - (token.kind in CLOSERS)
        if depth < 0:
            return token.start
    return len(r.text)


def bare_text(r: Recoverer, i: int) -> Mistake | None:
    """`image: nginx:1.25`, `path: /healthz`, `cidr: 10.0.0.0/8`: a text without its quotes."""
    k = i
    while k > 0 and r.raw[k - 1].end == r.raw[k].start and not r.raw[k].begins_line and r.raw[k - 1].kind not in ("LPAR", "LSQB", "LBRACE"):
        k -= 1
    if k < 1 or r.raw[k - 1].kind not in ("COLON", "COMMA", "LSQB", "EQUAL"):
        return None
    m = _RUN.match(r.text, r.raw[k].start)
    if m is None or m.end() < r.raw[i].end or not (k < i or r.raw[i].kind in ("OPERATOR", "STAR")):
        return None
    cron = _CRON.match(r.text, r.raw[k].start)
    if cron is not None:
        m = cron
    run = m.group().rstrip(":") if m.group().endswith(":") else m.group()
    if not re.search(r"\w", run) or re.fullmatch(r"\w+", run) or r.raw[i].kind in ("EQUAL", "QMARK") or set(run) & set("=<>&|!"):
        return None
    if r.raw[k - 1].kind == "COLON" and r.raw[i].kind == "COLON" and r.text[m.end() - 1] == ":":
        return None
    drop = _above_value(r, r.raw[k].start)
    message = "this text has no quotes"
    return Mistake("KS1001", message, m.start(), m.end(), f'write `"{run}"`', drop=drop, insert=(("STRING", '""'),), resume=m.end())


def percentage(r: Recoverer, i: int) -> Mistake | None:
    """`maxSurge: 25%`: the sign was read as an operator."""
    for k in (i, i - 1, i - 2):
        if k > 1 and r.raw[k - 1].text == "%" and r.raw[k - 2].kind == "INT" and r.raw[k - 2].end == r.raw[k - 1].start:
            number, sign = r.raw[k - 2], r.raw[k - 1]
            text = r.text[number.start : sign.end]
            drop = _above_value(r, number.start)
            return Mistake(
                "KS1001", "a percentage is a text", number.start, sign.end, f'write `"{text}"`',
                drop=drop, insert=(("STRING", '""'),), resume=sign.end,
            )  # fmt: skip
    return None


def equals_sign(r: Recoverer, i: int) -> Mistake | None:
    """`replicas = 3` in an object, `a = b` in an expression."""
    token = r.raw[i]
    states = r.machine.states
    if token.text not in ("=", "=="):
        return None
    if r.machine.accepts(states, ("COLON",)) and not r.machine.accepts(states, ("OPERATOR",)):
        help = "write `:`" if token.text == "=" else "a field's value follows `:`"
        return Mistake("KS1005", f"a field is not given by `{token.text}`", token.start, token.end, help, insert=(("COLON", ":"),), resume=token.end)
    if token.text == "=" and r.machine.accepts(states, ("OPERATOR",)):
        if i and r.raw[i - 1].text in ("==", "!=", ">=", "<="):
            return None
        return Mistake("KS1005", "`=` compares nothing", token.start, token.end, "write `==`", insert=(("OPERATOR", "=="),), resume=token.end)
    return None


STRANGE = {"===": "==", "!==": "!=", "<>": "!=", "=>": ">=", "=<": "<=", "**": "", "->": "", ":=": "=", "++": "", "--": "", "=~": ""}


def strange_operator(r: Recoverer, i: int) -> Mistake | None:
    """`a === b`, `a =< b`: an operator of other languages; the parser stopped at its first or second sign."""
    for k in (i - 1, i):
        if k < 0 or k + 1 >= len(r.raw) or r.raw[k].end != r.raw[k + 1].start:
            continue
        text = r.raw[k].text + r.raw[k + 1].text
        if text not in STRANGE:
            continue
        ours = STRANGE[text]
        help = f"write `{ours}`" if ours else "write `text.matches(pattern)`" if text == "=~" else ""
        mistake = Mistake("KS1005", f"`{text}` is no operator", r.raw[k].start, r.raw[k + 1].end, help)
        if not ours:
            return mistake
        kind = "EQUAL" if text == ":=" else "OPERATOR"
        return mistake._replace(drop=i - k, insert=((kind, ours),), resume=r.raw[k + 1].end)
    return None


def word_as_name(r: Recoverer, i: int) -> Mistake | None:
    """`in: 1`, `let true = …`: a word that can never be a name."""
    for k in (i, i - 1):
        token = r.raw[k]
        if k < 0 or token.text not in ("in", "implies", "true", "false", "null", "forall", "exists", "always", "never", "eventually"):
            continue
        after = r.raw[k + 1] if k + 1 < len(r.raw) else token
        if k == i - 1 and r.raw[i].kind != "COLON" or k == i and after.kind not in ("COLON", "EQUAL", "LBRACE"):
            continue
        help = f'in quotes it is a key: `"{token.text}"`' if after.kind != "EQUAL" else "choose another name"
        return Mistake("KS1106", f"`{token.text}` cannot be a name", token.start, token.end, help)
    return None


def type_brackets(r: Recoverer, i: int) -> Mistake | None:
    """`list[string]`, `list<string>`"""
    token = r.raw[i]
    if not i or r.raw[i - 1].text not in ("list", "map", "optional") or token.text not in ("[", "<"):
        return None
    if not r.machine.accepts(r.machine.states, ("LPAR",)) or token.start != r.raw[i - 1].end:
        return None
    name, close = r.raw[i - 1].text, {"[": "]", "<": ">"}[token.text]
    end = r.text.find(close, token.end)
    inner = r.text[token.end : end]
    if end < 0 or "\n" in inner:
        return None
    help = f"write `{name}({inner})`"
    insert = (("LPAR", "("), ("NAME", "dyn"), ("RPAR", ")"))
    return Mistake("KS1005", "what a type holds stands in parentheses", token.start, end + 1, help, insert=insert, resume=end + 1)


def parameter_without_type(r: Recoverer, i: int) -> Mistake | None:
    """`function f(a) {`"""
    token = r.raw[i]
    if token.kind not in ("COMMA", "RPAR", "EQUAL") or not i or r.acceptable() != ["COLON"]:
        return None
    name = r.raw[i - 1].text
    if not any(r.symbols[s] in ("rule_kind", "TEMPLATE") for s in r.machine.states):
        return None
    insert = (("COLON", ":"), ("NAME", "dyn"))
    help = f"write `{name}: string`, say"
    place = r.raw[i - 1]
    return Mistake("KS1001", f"the parameter `{name}` has no type", place.start, place.end, help, insert=insert, resume=token.start)


def using_after_result(r: Recoverer, i: int) -> Mistake | None:
    """`function f(): bool using cluster: Cluster {`"""
    token = r.raw[i]
    if token.text != "using" or "OWNS" not in r.acceptable():
        return None
    k = i
    while r.raw[k].kind not in ("LBRACE", END):
        k += 1
    help = "write it between the parameters and the result: `f() using cluster: Cluster: bool`"
    return Mistake("KS1005", "`using` stands before the type of the result", token.start, token.end, help, resume=r.raw[k].start)


def let_without_equals(r: Recoverer, i: int) -> Mistake | None:
    """`let x: 3`, `param replicas: 3`"""
    token = r.raw[i]
    if i < 3 or r.raw[i - 1].kind != "COLON" or r.raw[i - 3].text not in ("let", "param"):
        return None
    if token.kind not in ("INT", "STRING", "FLOAT", "QUANTITY", "TIME", "LSQB", "LBRACE", "TRUE", "FALSE"):
        return None
    colon, word, name = r.raw[i - 1], r.raw[i - 3].text, r.raw[i - 2].text
    if word == "param":
        types = {"INT": "int", "STRING": "string", "FLOAT": "double", "QUANTITY": "quantity", "TIME": "duration", "TRUE": "bool", "FALSE": "bool"}
        kind = types.get(token.kind, "dyn")
        help = f"the type comes first: `param {name}: {kind} = …`"
        insert = (("NAME", kind), ("EQUAL", "="))
        return Mistake("KS1005", "a type was expected after `:`", token.start, token.end, help, insert=insert, resume=token.start)
    help = f"write `let {name} = …`; after `:` stands a type"
    return Mistake(
        "KS1005", "a value is not given with `:` here", colon.start, colon.end, help,
        insert=(("NAME", "dyn"), ("EQUAL", "=")), resume=token.start,
    )  # fmt: skip
