"""Knows the overloads of the standard library: their types, and which can fail for arguments of those types.

One line each: `name(types): result`, with `!` where it can fail. In METHODS the first type is the receiver's.
`A` and `B` stand for any type; a last type with `*` may be repeated. `dyn` here takes every value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from kspec.ir.types import SCALARS, ListOf, MapOf, OptionalOf, Scalar, Type

FUNCTIONS = """
_==_(A, A): bool
_!=_(A, A): bool
_+_(int, int): int !
_+_(uint, uint): uint !
_+_(double, double): double
_+_(string, string): string
_+_(bytes, bytes): bytes
_+_(list(A), list(A)): list(A)
_+_(timestamp, duration): timestamp !
_+_(duration, timestamp): timestamp !
_+_(duration, duration): duration !
_+_(quantity, quantity): quantity
_-_(int, int): int !
_-_(uint, uint): uint !
_-_(double, double): double
_-_(timestamp, timestamp): duration !
_-_(timestamp, duration): timestamp !
_-_(duration, duration): duration !
_-_(quantity, quantity): quantity
_*_(int, int): int !
_*_(quantity, int): quantity
_*_(uint, uint): uint !
_*_(double, double): double
_/_(int, int): int !
_/_(quantity, quantity): int !
_/_(uint, uint): uint !
_/_(double, double): double
_%_(int, int): int !
_%_(uint, uint): uint !
-_(int): int !
-_(double): double
!_(bool): bool
@in(A, list(A)): bool
@in(A, map(A, B)): bool
_[_](list(A), int): A !
_[_](map(A, B), A): B !
_[_](optional(list(A)), int): optional(A)
_[_](optional(map(A, B)), A): optional(B)
_[?_](list(A), int): optional(A)
_[?_](map(A, B), A): optional(B)
_[?_](optional(list(A)), int): optional(A)
_[?_](optional(map(A, B)), A): optional(B)
_?._(map(string, A), string): optional(A)
_?._(optional(map(string, A)), string): optional(A)
_?._(dyn, string): optional(dyn) !
@cast(dyn, type): dyn !
size(string): int
size(bytes): int
size(list(A)): int
size(map(A, B)): int
type(A): type
dyn(A): dyn
hash(dyn): int
undetermined(string): bool !
int(int): int
int(uint): int !
int(double): int !
int(string): int !
int(timestamp): int
uint(uint): uint
uint(int): uint !
uint(double): uint !
uint(string): uint !
double(double): double
double(int): double
double(uint): double
double(string): double !
string(string): string
string(int): string
string(uint): string
string(double): string
string(bool): string
string(bytes): string !
string(timestamp): string
string(duration): string
string(ip): string
string(cidr): string
string(quantity): string
string(semver): string
string(url): string
bytes(bytes): bytes
bytes(string): bytes !
bool(bool): bool
bool(string): bool !
timestamp(timestamp): timestamp
timestamp(string): timestamp !
timestamp(int): timestamp !
duration(duration): duration
duration(string): duration !
matches(string, string): bool !
strings.quote(string): string
lists.range(int): list(int) !
sets.contains(list(A), list(A)): bool
sets.equivalent(list(A), list(A)): bool
sets.intersects(list(A), list(A)): bool
math.greatest(int*): int
math.greatest(uint*): uint
math.greatest(double*): double
math.greatest(list(int)): int !
math.greatest(list(uint)): uint !
math.greatest(list(double)): double !
math.greatest(list(dyn)): dyn !
math.greatest(dyn*): dyn !
math.least(int*): int
math.least(uint*): uint
math.least(double*): double
math.least(list(int)): int !
math.least(list(uint)): uint !
math.least(list(double)): double !
math.least(list(dyn)): dyn !
math.least(dyn*): dyn !
math.ceil(double): double
math.floor(double): double
math.round(double): double
math.trunc(double): double
math.abs(int): int !
math.abs(uint): uint
math.abs(double): double
math.sign(int): int
math.sign(uint): uint
math.sign(double): double
math.sqrt(int): double
math.sqrt(uint): double
math.sqrt(double): double
math.ln(double): double
math.isNaN(double): bool
math.isInf(double): bool
math.isFinite(double): bool
math.bitAnd(int, int): int
math.bitAnd(uint, uint): uint
math.bitOr(int, int): int
math.bitOr(uint, uint): uint
math.bitXor(int, int): int
math.bitXor(uint, uint): uint
math.bitNot(int): int
math.bitNot(uint): uint
math.bitShiftLeft(int, int): int !
math.bitShiftLeft(uint, int): uint !
math.bitShiftRight(int, int): int !
math.bitShiftRight(uint, int): uint !
base64.encode(bytes): string
base64.decode(string): bytes !
optional.of(A): optional(A)
optional.ofNonZeroValue(A): optional(A)
optional.none(): optional(nothing)
optional.unwrap(list(optional(A))): list(A)
quantity(string): quantity !
isQuantity(string): bool
ip(string): ip !
isIP(string): bool
ip.isCanonical(string): bool !
cidr(string): cidr !
isCIDR(string): bool
url(string): url !
isURL(string): bool
semver(string): semver !
semver(string, bool): semver !
isSemver(string): bool
isSemver(string, bool): bool
regex.replace(string, string, string): string !
regex.replace(string, string, string, int): string !
regex.extract(string, string): optional(string) !
regex.extractAll(string, string): list(string) !
"""

METHODS = """
size(string): int
size(bytes): int
size(list(A)): int
size(map(A, B)): int
contains(string, string): bool
startsWith(string, string): bool
endsWith(string, string): bool
matches(string, string): bool !
charAt(string, int): string !
indexOf(string, string): int
indexOf(string, string, int): int !
lastIndexOf(string, string): int
lastIndexOf(string, string, int): int !
lowerAscii(string): string
upperAscii(string): string
replace(string, string, string): string !
replace(string, string, string, int): string !
split(string, string): list(string) !
split(string, string, int): list(string) !
substring(string, int): string !
substring(string, int, int): string !
trim(string): string
format(string, list(dyn)): string !
reverse(string): string
find(string, string): string !
findAll(string, string): list(string) !
findAll(string, string, int): list(string) !
join(list(string)): string !
join(list(string), string): string !
slice(list(A), int, int): list(A) !
flatten(list(list(A))): list(A) !
flatten(list(A)): list(A) !
flatten(list(dyn), int): list(dyn) !
sort(list(A)): list(A) !
distinct(list(A)): list(A)
reverse(list(A)): list(A)
first(list(A)): optional(A)
last(list(A)): optional(A)
indexOf(list(A), A): int
lastIndexOf(list(A), A): int
isSorted(list(A)): bool !
min(list(A)): A !
max(list(A)): A !
sum(list(int), int): int !
sum(list(uint), uint): uint !
sum(list(double), double): double
sum(list(duration), duration): duration !
sum(list(quantity), quantity): quantity
sum(list(dyn), dyn): dyn !
getFullYear(timestamp): int
getFullYear(timestamp, string): int !
getMonth(timestamp): int
getMonth(timestamp, string): int !
getDayOfYear(timestamp): int
getDayOfYear(timestamp, string): int !
getDayOfMonth(timestamp): int
getDayOfMonth(timestamp, string): int !
getDate(timestamp): int
getDate(timestamp, string): int !
getDayOfWeek(timestamp): int
getDayOfWeek(timestamp, string): int !
getHours(timestamp): int
getHours(timestamp, string): int !
getHours(duration): int
getMinutes(timestamp): int
getMinutes(timestamp, string): int !
getMinutes(duration): int
getSeconds(timestamp): int
getSeconds(timestamp, string): int !
getSeconds(duration): int
getMilliseconds(timestamp): int
getMilliseconds(timestamp, string): int !
getMilliseconds(duration): int
hasValue(optional(A)): bool
value(optional(A)): A !
or(optional(A), optional(A)): optional(A)
orValue(optional(A), A): A
unwrapOpt(list(optional(A))): list(A)
sign(quantity): int
isInteger(quantity): bool
asInteger(quantity): int !
asApproximateFloat(quantity): double
add(quantity, quantity): quantity
add(quantity, int): quantity
sub(quantity, quantity): quantity
sub(quantity, int): quantity
isGreaterThan(quantity, quantity): bool
isLessThan(quantity, quantity): bool
compareTo(quantity, quantity): int
family(ip): int
isUnspecified(ip): bool
isLoopback(ip): bool
isLinkLocalMulticast(ip): bool
isLinkLocalUnicast(ip): bool
isGlobalUnicast(ip): bool
containsIP(cidr, ip): bool
containsIP(cidr, string): bool !
containsCIDR(cidr, cidr): bool
containsCIDR(cidr, string): bool !
ip(cidr): ip
masked(cidr): cidr
prefixLength(cidr): int
getScheme(url): string
getHost(url): string
getHostname(url): string
getPort(url): string
getEscapedPath(url): string
getQuery(url): map(string, list(string))
major(semver): int
minor(semver): int
patch(semver): int
isGreaterThan(semver, semver): bool
isLessThan(semver, semver): bool
compareTo(semver, semver): int
"""

NOTHING = Scalar("nothing")
"""The type of no value: of the elements of `[]`. Fits everywhere; never left in an elaborated expression."""

A, B = Scalar("A"), Scalar("B")
PARAMETERS = (A, B)
SORTABLE = ("int", "uint", "double", "bool", "string", "bytes", "timestamp", "duration", "quantity")


SUMMABLE = ("int", "uint", "double", "duration", "quantity")
"""What `list.sum()` adds up. In an elaborated call the zero of that type is the second argument."""


@dataclass(frozen=True, slots=True)
class Overload:
    """One line of the tables. `method`: called as `first.name(rest)`; an operator is not."""

    name: str
    params: tuple[Type, ...]
    result: Type
    fails: bool
    method: bool
    variadic: bool = False


@cache
def signatures() -> Mapping[str, tuple[Overload, ...]]:
    """All overloads by name, in the order of the tables."""
    table: dict[str, list[Overload]] = {}
    for text, method in ((FUNCTIONS, False), (METHODS, True)):
        for line in text.strip().splitlines():
            overload = _parse_line(line, method)
            table.setdefault(overload.name, []).append(overload)
    for relation in ("_<_", "_<=_", "_>_", "_>=_"):
        table[relation] = list(_ordering(relation))
    return {name: tuple(overloads) for name, overloads in table.items()}


def _ordering(name: str) -> list[Overload]:
    """Numbers compare across types; the other ordered types with themselves."""
    numbers = [SCALARS[t] for t in ("int", "uint", "double")]
    same = [SCALARS[t] for t in SORTABLE if SCALARS[t] not in numbers]
    pairs = [(left, right) for left in numbers for right in numbers] + [(t, t) for t in same]
    pairs.sort(key=lambda pair: pair[0] != pair[1])
    return [Overload(name, pair, SCALARS["bool"], False, False) for pair in pairs]


_TOKEN = re.compile(r"[A-Za-z_]+|[(),*]")


def _parse_line(line: str, method: bool) -> Overload:
    body, fails, _ = line.partition(" !")
    head, _, result = body.rpartition("): ")
    name, _, params = head.partition("(")
    types = _parse_types(params)
    variadic = params.endswith("*")
    return Overload(name, types, _parse_types(result)[0], bool(fails), method, variadic)


def _parse_types(text: str) -> tuple[Type, ...]:
    return tuple(_read_types(_TOKEN.findall(text)[::-1]))


def _read_types(tokens: list[str]) -> list[Type]:
    """Read types from the end of the list until it is empty or a parenthesis closes."""
    types: list[Type] = []
    while tokens:
        token = tokens.pop()
        if token == ")":
            break
        if token == "(":
            outer = types.pop()
            assert isinstance(outer, Scalar)
            types.append(_make(outer.name, _read_types(tokens)))
        elif token not in (",", "*"):
            types.append(Scalar(token))
    return types


def _make(name: str, parts: list[Type]) -> Type:
    if name == "list":
        return ListOf(parts[0])
    if name == "map":
        return MapOf(parts[0], parts[1])
    assert name == "optional", name
    return OptionalOf(parts[0])


def overloads_of(name: str) -> tuple[Overload, ...]:
    return signatures().get(name, ())


def __getattr__(name: str) -> object:
    """`SIGNATURES`, made on first use."""
    if name == "SIGNATURES":
        return signatures()
    raise AttributeError(name)
