"""Laws of the library, one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.runtime.conversions import double_from_string, show_double, string_from_double
from kspec.runtime.encoders import base64_decode, base64_encode, dump, hash_value
from kspec.runtime.equality import equals, find_key, from_key, greater, less, less_equal, to_key
from kspec.runtime.formatting import format_string
from kspec.runtime.ip import CIDR, IP, contains_cidr, contains_ip, masked, parse_cidr, parse_ip
from kspec.runtime.lists import (
    distinct,
    flatten,
    index_of,
    is_sorted,
    reverse_list,
    set_equivalent,
    slice_list,
    sort,
)
from kspec.runtime.maths import round_half_away, shift_left, shift_right
from kspec.runtime.operators import TIMESTAMP_MAX, TIMESTAMP_MIN, divide_int, modulo_int
from kspec.runtime.quantity import parse_quantity, show_quantity
from kspec.runtime.semver import Semver, compare, parse_strict
from kspec.runtime.strings import join, split, substring
from kspec.runtime.times import parse_duration, parse_timestamp, show_duration, show_timestamp
from kspec.runtime.values import INT_MAX, INT_MIN, BoolKey, Duration, EvalError, Quantity, Timestamp, UInt

LAW = settings(max_examples=60, deadline=None)
INTS = st.integers(INT_MIN, INT_MAX) | st.integers(-9, 9)
TEXTS = st.text(max_size=8)
SCALARS: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers(0, 3).map(UInt)
    | st.sampled_from((0.0, 1.0, 0.5))
    | st.text("ab", max_size=2)
    | st.binary(max_size=1)
    | st.integers(0, 2).map(Duration)
    | st.integers(0, 2).map(Quantity)
)
KEYS = st.integers(0, 2) | st.text("ab", max_size=1) | st.sampled_from(BoolKey) | st.integers(0, 2).map(UInt)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
NUMBERS = st.integers(-9, 9) | st.integers(0, 9).map(UInt) | st.floats(-9, 9)
ADDRESSES = st.integers(0, 2**32 - 1).map(lambda n: IP(4, n)) | st.integers(2**48, 2**128 - 1).map(
    lambda n: IP(6, n)
)
RANGES = st.builds(lambda a, b: CIDR(a, b % (33 if a.version == 4 else 129)), ADDRESSES, st.integers(0, 1000))
VERSIONS = st.builds(
    Semver,
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.lists(st.sampled_from(("1", "10", "a", "a1")), max_size=2).map(tuple),
)

LAWS: dict[str, tuple[Callable[..., bool], tuple[st.SearchStrategy[Any], ...]]] = {
    "x == x": (lambda x: equals(x, x), (VALUES,)),
    "x == y is y == x": (lambda x, y: equals(x, y) is equals(y, x), (VALUES, VALUES)),
    "equal values dump and hash alike, others do not": (
        lambda x, y: (
            equals(x, y) is (dump(x) == dump(y)) and (not equals(x, y) or hash_value(x) == hash_value(y))
        ),
        (VALUES, VALUES),
    ),
    "one of x < y, x == y, x > y": (
        lambda x, y: [less(x, y), equals(x, y), greater(x, y)].count(True) == 1,
        (NUMBERS, NUMBERS),
    ),
    "x <= y is x < y or x == y": (
        lambda x, y: less_equal(x, y) is (less(x, y) or equals(x, y)),
        (NUMBERS, NUMBERS),
    ),
    "keys come back": (lambda k: equals(from_key(to_key(from_key(k))), from_key(k)), (KEYS,)),
    "equal keys are found": (lambda k: find_key(from_key(k)) in {k: 1}, (KEYS,)),
    "(a / b) * b + a % b == a": (
        lambda a, b: b == 0 or (a, b) == (INT_MIN, -1) or divide_int(a, b) * b + modulo_int(a, b) == a,
        (INTS, INTS),
    ),
    "|a % b| < |b|, with the sign of a": (
        lambda a, b: (
            b == 0 or (a, b) == (INT_MIN, -1) or (abs(m := modulo_int(a, b)) < abs(b) and m * a >= 0)
        ),
        (INTS, INTS),
    ),
    "doubles read back": (
        lambda x: double_from_string(string_from_double(x)) == x,
        (st.floats(allow_nan=False, allow_infinity=False),),
    ),
    "doubles read back without exponent": (
        lambda x: float(show_double(x)) == x,
        (st.floats(allow_nan=False, allow_infinity=False),),
    ),
    "%s is the text": (lambda s: format_string("%s", [s]) == s, (TEXTS,)),
    "%d is the number": (lambda n: format_string("%d", [n]) == str(n), (INTS,)),
    "split then join": (
        lambda s, sep: join(list(split(s, sep)), sep) == s,
        (TEXTS, st.text("ab ", min_size=1, max_size=2)),
    ),
    "substrings add up": (
        lambda s, n: substring(s, 0, min(n, len(s))) + substring(s, min(n, len(s)), len(s)) == s,
        (TEXTS, st.integers(0, 9)),
    ),
    "base64 comes back": (lambda b: base64_decode(base64_encode(b)) == b, (st.binary(),)),
    "base64 without padding": (lambda b: base64_decode(base64_encode(b).rstrip("=")) == b, (st.binary(),)),
    "sorted lists are sorted, and the same set": (
        lambda l: is_sorted(sort(l)) and set_equivalent(sort(l), l) and len(sort(l)) == len(l),
        (st.lists(NUMBERS, max_size=6),),
    ),
    "sorting twice is sorting": (
        lambda l: sort(sort(l)) == sort(l),
        (st.lists(st.text("ab", max_size=3), max_size=6),),
    ),
    "distinct keeps first places": (
        lambda l: [index_of(l, v) for v in distinct(l)] == sorted({index_of(l, v) for v in l}),
        (st.lists(VALUES, max_size=6),),
    ),
    "reverse twice": (lambda l: list(reverse_list(reverse_list(l))) == l, (st.lists(SCALARS, max_size=5),)),
    "flatten of singletons": (
        lambda l: equals(flatten([[v] for v in l]), l),
        (st.lists(SCALARS, max_size=5),),
    ),
    "slices add up": (
        lambda l, n: [*slice_list(l, 0, min(n, len(l))), *slice_list(l, min(n, len(l)), len(l))] == l,
        (st.lists(SCALARS), st.integers(0, 9)),
    ),
    "round is within a half": (lambda x: abs(round_half_away(x) - x) <= 0.5, (st.floats(-1e9, 1e9),)),
    "shift there and back": (
        lambda n, k: shift_right(shift_left(n, k), k) == n,
        (st.integers(0, 2**20), st.integers(0, 40)),
    ),
    "timestamps read back": (
        lambda n: parse_timestamp(show_timestamp(Timestamp(n))) == Timestamp(n),
        (st.integers(TIMESTAMP_MIN, TIMESTAMP_MAX),),
    ),
    "durations read back": (lambda n: parse_duration(show_duration(Duration(n))) == Duration(n), (INTS,)),
    "quantities read back": (lambda n: parse_quantity(show_quantity(Quantity(n))) == Quantity(n), (INTS,)),
    "quantities in any notation": (
        lambda n, s: (
            parse_quantity(f"{n}{s}").nanos
            == n * {"": 10**9, "m": 10**6, "k": 10**12, "Ki": 1024 * 10**9, "e2": 10**11}[s]
        ),
        (st.integers(-999, 999), st.sampled_from(("", "m", "k", "Ki", "e2"))),
    ),
    "addresses read back": (lambda a: parse_ip(str(a)) == a, (ADDRESSES,)),
    "ranges read back, and hold their ends": (
        lambda r: (
            parse_cidr(str(r)) == r
            and contains_ip(r, IP(r.address.version, r.first))
            and contains_ip(r, IP(r.address.version, r.last))
        ),
        (RANGES,),
    ),
    "containing is being within": (
        lambda r, q: (
            contains_cidr(r, q)
            is (r.address.version == q.address.version and r.first <= q.first and q.last <= r.last)
        ),
        (RANGES, RANGES),
    ),
    "masking twice": (lambda r: masked(masked(r)) == masked(r) and contains_cidr(masked(r), r), (RANGES,)),
    "versions read back": (lambda v: parse_strict(str(v)) == v, (VERSIONS,)),
    "versions are ordered": (
        lambda v, w: compare(v, w) == -compare(w, v) and (compare(v, w) == 0) is (v == w),
        (VERSIONS, VERSIONS),
    ),
}


@pytest.mark.parametrize("law", LAWS)
def test_law(law: str) -> None:
    holds, strategies = LAWS[law]

    @LAW
    @given(st.tuples(*strategies))
    def check(drawn: tuple[Any, ...]) -> None:
        assert holds(*drawn), (law, drawn)

    check()


@LAW
@given(st.text(max_size=12))
def test_reading_a_text_gives_a_value_or_an_error(text: str) -> None:
    """No text makes a reader do anything else."""
    readers = (
        parse_timestamp,
        parse_duration,
        parse_quantity,
        parse_ip,
        parse_cidr,
        parse_strict,
        double_from_string,
    )
    for read in readers:
        try:
            read(text)
        except EvalError as error:
            assert error.code in ("invalid_argument", "overflow")
