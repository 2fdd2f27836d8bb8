"""Knows mistakes in values and operators, and what was meant by them: one function for each kind of mistake.

Each looks at the raw token at which the parser stopped and at its neighbours, and returns a `Mistake` or
None.
"""

from __future__ import annotations

import re

from kspec.syntax.expected import CLOSERS, SIGNS
from kspec.syntax.explain import Mistake
from kspec.syntax.lexer import NEVER_NAMES
from kspec.syntax.lookahead import View
from kspec.syntax.table import END

LOGICAL = {"and": "&&", "or": "||", "not": "!", "AND": "&&", "OR": "||", "NOT": "!"}
_RUN = re.compile(r"[^\s,{}\[\]()\"']+")
_CRON = re.compile(r"[*0-9][*0-9/,-]*(?: +[*0-9][*0-9/,-]*){4}(?= *[\n}])")
STRANGE = {
    "===": "==",
    "!==": "!=",
    "<>": "!=",
    "=>": ">=",
    "=<": "<=",
    "**": "",
    "->": "",
    ":=": "=",
    "++": "",
    "--": "",
    "=~": "",
}


def above(view: View, place: int) -> int:
    """How many symbols on the stack stand at this place or after it."""
    return sum(1 for s in view.machine.starts if s >= place)


def logical_word(view: View, i: int) -> Mistake | None:
    """`a and b`, `not a`: where the word was read as a name, the mistake shows one or two tokens later."""
    for k in range(i, max(-1, i - 6), -1):
        if k < i and view.raw[k + 1].begins_line and k + 1 < i:
            return None
        if view.raw[k].text not in LOGICAL or view.raw[k].kind != "NAME":
            continue
        token, sign = view.raw[k], LOGICAL[view.raw[k].text]
        before = view.raw[k - 1] if k else None
        if sign != "!" and (before is None or (before.kind in SIGNS and before.kind not in CLOSERS)):
            continue
        mistake = Mistake(
            "KS1005", f"`{token.text}` is no operator", token.start, token.end, f"write `{sign}`"
        )
        kind = "BANG" if sign == "!" else "OPERATOR"
        if k == i and view.machine.accepts(view.machine.states, (kind,)):
            return mistake._replace(insert=((kind, sign),), resume=token.end)
        if k == i - 1 and sign == "!":
            return mistake._replace(drop=1, insert=(("BANG", "!"),), resume=token.end)
        return mistake
    return None


def bare_text(view: View, i: int) -> Mistake | None:
    """`image: nginx:1.25`, `path: /healthz`, `cidr: 10.0.0.0/8`: a text without its quotes."""
    k = i
    while (
        k > 0
        and view.raw[k - 1].end == view.raw[k].start
        and not view.raw[k].begins_line
        and view.raw[k - 1].kind not in ("LPAR", "LSQB", "LBRACE")
    ):
        k -= 1
    if k < 1 or view.raw[k - 1].kind not in ("COLON", "COMMA", "LSQB", "EQUAL"):
        return None
    m = _RUN.match(view.text, view.raw[k].start)
    if m is None or m.end() < view.raw[i].end or not (k < i or view.raw[i].kind in ("OPERATOR", "STAR")):
        return None
    cron = _CRON.match(view.text, view.raw[k].start)
    if cron is not None:
        m = cron
    run = m.group().rstrip(":") if m.group().endswith(":") else m.group()
    if (
        not re.search(r"\w", run)
        or re.fullmatch(r"\w+", run)
        or view.raw[i].kind in ("EQUAL", "QMARK")
        or set(run) & set("=<>&|!")
    ):
        return None
    if view.raw[k - 1].kind == "COLON" and view.raw[i].kind == "COLON" and view.text[m.end() - 1] == ":":
        return None
    drop = above(view, view.raw[k].start)
    message = "this text has no quotes"
    return Mistake(
        "KS1001",
        message,
        m.start(),
        m.end(),
        f'write `"{run}"`',
        drop=drop,
        insert=(("STRING", '""'),),
        resume=m.end(),
    )


def quote_missing(view: View, i: int) -> Mistake | None:
    """`app: web"  tier: "front"`: a text without its first quote; its last one was taken for the first."""
    for k in (i, i - 1):
        before, text = view.raw[k - 1], view.raw[k]
        if k < 1 or text.kind != "STRING" or before.end != text.start or text.text[0] not in "\"'":
            continue
        if before.kind not in ("NAME", "INT", "FLOAT") and "NAME" not in before.others:
            continue
        help = f'write `"{before.text}"`'
        return Mistake(
            "KS1102", "this text has no quote at its beginning", before.start, text.start + 1, help
        )
    return None


def percentage(view: View, i: int) -> Mistake | None:
    """`maxSurge: 25%`: the sign was read as an operator."""
    for k in (i, i - 1, i - 2):
        if (
            k > 1
            and view.raw[k - 1].text == "%"
            and view.raw[k - 2].kind == "INT"
            and view.raw[k - 2].end == view.raw[k - 1].start
        ):
            number, sign = view.raw[k - 2], view.raw[k - 1]
            text = view.text[number.start : sign.end]
            drop = above(view, number.start)
            return Mistake(
                "KS1001", "a percentage is a text", number.start, sign.end, f'write `"{text}"`',
                drop=drop, insert=(("STRING", '""'),), resume=sign.end,
            )  # fmt: skip
    return None


def equals_sign(view: View, i: int) -> Mistake | None:
    """`replicas = 3` in an object, `a = b` in an expression."""
    token = view.raw[i]
    states = view.machine.states
    if token.text not in ("=", "=="):
        return None
    if view.machine.accepts(states, ("COLON",)) and not view.machine.accepts(states, ("OPERATOR",)):
        help = "write `:`" if token.text == "=" else "a field's value follows `:`"
        return Mistake(
            "KS1005",
            f"a field is not given by `{token.text}`",
            token.start,
            token.end,
            help,
            insert=(("COLON", ":"),),
            resume=token.end,
        )
    if token.text == "=" and view.machine.accepts(states, ("OPERATOR",)):
        if i and view.raw[i - 1].text in ("==", "!=", ">=", "<="):
            return None
        return Mistake(
            "KS1005",
            "`=` compares nothing",
            token.start,
            token.end,
            "write `==`",
            insert=(("OPERATOR", "=="),),
            resume=token.end,
        )
    return None


def strange_operator(view: View, i: int) -> Mistake | None:
    """`a === b`, `a =< b`: an operator of other languages; the parser stopped at its first or second sign."""
    for k in (i - 1, i):
        if k < 0 or k + 1 >= len(view.raw) or view.raw[k].end != view.raw[k + 1].start:
            continue
        text = view.raw[k].text + view.raw[k + 1].text
        if text not in STRANGE:
            continue
        ours = STRANGE[text]
        help = f"write `{ours}`" if ours else "write `text.matches(pattern)`" if text == "=~" else ""
        mistake = Mistake("KS1005", f"`{text}` is no operator", view.raw[k].start, view.raw[k + 1].end, help)
        if not ours:
            return mistake
        kind = "EQUAL" if text == ":=" else "OPERATOR"
        return mistake._replace(drop=i - k, insert=((kind, ours),), resume=view.raw[k + 1].end)
    return None


NEVER = frozenset({*NEVER_NAMES, "forall", "exists", "always", "never", "eventually"})


def word_as_name(view: View, i: int) -> Mistake | None:
    """`in: 1`, `let true = …`, `a.in`: a word that can never be a name."""
    for k in (i, i - 1):
        token = view.raw[k]
        if k < 0 or token.text not in NEVER:
            continue
        message = f"`{token.text}` cannot be a name"
        if k == i and i and view.raw[i - 1].kind == "DOT":
            name = f"`{token.text}`"
            help = f"write it in backquotes, .{name}"
            insert = (("QUOTED_NAME", name),)
            return Mistake("KS1106", message, token.start, token.end, help, insert=insert, resume=token.end)
        after = view.raw[k + 1].kind if k + 1 < len(view.raw) else END
        if view.raw[i].kind == "COLON" if k < i else after in ("COLON", "EQUAL", "LBRACE"):
            help = f'in quotes it is a key: `"{token.text}"`' if after != "EQUAL" else "choose another name"
            return Mistake("KS1106", message, token.start, token.end, help)
    return None


def type_brackets(view: View, i: int) -> Mistake | None:
    """`list[string]`, `list<string>`"""
    token = view.raw[i]
    if not i or view.raw[i - 1].text not in ("list", "map", "optional") or token.text not in ("[", "<"):
        return None
    if not view.machine.accepts(view.machine.states, ("LPAR",)) or token.start != view.raw[i - 1].end:
        return None
    name, close = view.raw[i - 1].text, {"[": "]", "<": ">"}[token.text]
    end = view.text.find(close, token.end)
    inner = view.text[token.end : end]
    if end < 0 or "\n" in inner:
        return None
    help = f"write `{name}({inner})`"
    insert = (("LPAR", "("), ("NAME", "dyn"), ("RPAR", ")"))
    return Mistake(
        "KS1005",
        "what a type holds stands in parentheses",
        token.start,
        end + 1,
        help,
        insert=insert,
        resume=end + 1,
    )


def parameter_without_type(view: View, i: int) -> Mistake | None:
    """`function f(a) {`"""
    token = view.raw[i]
    if token.kind not in ("COMMA", "RPAR", "EQUAL") or not i or view.acceptable() != ["COLON"]:
        return None
    name = view.raw[i - 1].text
    if not any(view.symbols[s] in ("rule_kind", "TEMPLATE") for s in view.machine.states):
        return None
    insert = (("COLON", ":"), ("NAME", "dyn"))
    help = f"write `{name}: string`, say"
    place = view.raw[i - 1]
    return Mistake(
        "KS1001",
        f"the parameter `{name}` has no type",
        place.start,
        place.end,
        help,
        insert=insert,
        resume=token.start,
    )


def using_after_result(view: View, i: int) -> Mistake | None:
    """`function f(): bool using cluster: Cluster {`"""
    token = view.raw[i]
    if token.text != "using" or "OWNS" not in view.acceptable():
        return None
    k = i
    while view.raw[k].kind not in ("LBRACE", END):
        k += 1
    help = "write it between the parameters and the result: `f() using cluster: Cluster: bool`"
    return Mistake(
        "KS1005",
        "`using` stands before the type of the result",
        token.start,
        token.end,
        help,
        resume=view.raw[k].start,
    )


def let_without_equals(view: View, i: int) -> Mistake | None:
    """`let x: 3`, `param replicas: 3`"""
    token = view.raw[i]
    if i < 3 or view.raw[i - 1].kind != "COLON" or view.raw[i - 3].text not in ("let", "param"):
        return None
    if token.kind not in ("INT", "STRING", "FLOAT", "QUANTITY", "TIME", "LSQB", "LBRACE", "TRUE", "FALSE"):
        return None
    colon, word, name = view.raw[i - 1], view.raw[i - 3].text, view.raw[i - 2].text
    if word == "param":
        types = {
            "INT": "int",
            "STRING": "string",
            "FLOAT": "double",
            "QUANTITY": "quantity",
            "TIME": "duration",
            "TRUE": "bool",
            "FALSE": "bool",
        }
        kind = types.get(token.kind, "dyn")
        help = f"the type comes first: `param {name}: {kind} = …`"
        insert = (("NAME", kind), ("EQUAL", "="))
        return Mistake(
            "KS1005",
            "a type was expected after `:`",
            token.start,
            token.end,
            help,
            insert=insert,
            resume=token.start,
        )
    help = f"write `let {name} = …`; after `:` stands a type"
    return Mistake(
        "KS1005", "a value is not given with `:` here", colon.start, colon.end, help,
        insert=(("NAME", "dyn"), ("EQUAL", "=")), resume=token.start,
    )  # fmt: skip
