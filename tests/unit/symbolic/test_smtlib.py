"""The text of a query: names, bounds, shared parts, comments."""

from __future__ import annotations

import os
import subprocess
import sys

from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.smtlib import name_of, script

A, PORT, APP = t.bool_var('has p.labels["a|b"]'), t.int_var("port", 1, 65535), t.text_var('p.labels["app"]')

EXPECTED = """\
(set-logic QF_LIA)
(define-fun |"web"| () Int 0)
(declare-const port Int)
(declare-const |p.labels["app"]| Int)
(declare-const |has p.labels["a%7Cb"]| Bool)
(assert (<= 1 port 65535))
(define-fun $1 () Bool (<= port 79))
; assumed: one of two
(assert (or $1 (= |p.labels["app"]| |"web"|)))
; the goal
; in two lines
(assert (or |has p.labels["a%7Cb"]| $1))
"""


def test_a_query_reads_well() -> None:
    low = t.lt(PORT, t.number(80))
    asked = [
        ("assumed: one of two", t.or_(t.le(PORT, t.number(79)), t.eq(APP, t.text("web")))),
        ("the goal\nin two lines", t.or_(A, t.le(PORT, t.number(79)))),
    ]
    assert low is t.not_(t.le(t.number(80), PORT))
    assert script(asked).text == EXPECTED


def test_names_that_are_no_symbols_are_quoted_and_stay_apart() -> None:
    names = {
        name_of(t.bool_var(n)) for n in ("a|b", "a\\b", "a%7Cb", "assert", "a b", "1a", "é", "a\nb", "x")
    }
    assert len(names) == 9
    assert "x" in names and "|assert|" in names


def test_a_query_prints_alike_in_every_process() -> None:
    """Law: nothing of the text depends on hashes or on what was made before."""
    code = (
        "from kspec.runtime.symbolic import terms as t\nfrom kspec.runtime.symbolic.smtlib import script\n"
        "vs = [t.bool_var(f'v{i}') for i in range(40)]\n"
        "ts = [t.or_(vs[i], t.not_(vs[i * 7 % 40]), t.and_(vs[i * 3 % 40], vs[i * 11 % 40]))"
        " for i in range(40)]\n"
        "print(script([('x', t.all_of(ts)), ('y', t.any_of(ts))]).text)"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
