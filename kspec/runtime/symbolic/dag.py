"""Knows the nodes of terms: structurally equal ones are the same object; leaves, walks, evaluation.

Three sorts: Bool, Int, and Text (a string that is only ever compared; printed as an integer, see
`strings.py`). Since equal terms are identical, `is` compares and dictionaries need no deep hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from weakref import ref

BOOL, INT, TEXT = "Bool", "Int", "Text"


class Term:
    """One node. Made only by the functions below.

    | op    | arguments          | value            |
    |-------|--------------------|------------------|
    | const |                    | bool or int      |
    | text  |                    | str              |
    | var   |                    | name             |
    | atom  | a Text variable    | (function, text), a fact about a string
    | not   | Bool               |                  |
    | and   | two or more Bool   |                  |
    | or    | two or more Bool   |                  |
    | eq    | two of one sort    |                  |
    | le    | two Int            |                  |
    | ite   | Bool, Int, Int     |                  |
    | add   | two or more Int    |                  |
    | mul   | Int                | the factor       |
    | div   | Int                | the divisor, positive; rounds down |

    `low` and `high` bound an Int (None: unbounded).
    """

    __slots__ = ("__weakref__", "args", "high", "low", "op", "sort", "value")

    def __init__(
        self, op: str, args: tuple[Term, ...], value: object, sort: str, low: int | None, high: int | None
    ) -> None:
        self.op = op
        self.args = args
        self.value = value
        self.sort = sort
        self.low = low
        self.high = high

    def __repr__(self) -> str:
        if not self.args:
            return str(self.value)
        label = self.op if self.value is None else f"{self.op} {self.value}"
        return f"({label} {' '.join(map(repr, self.args))})"


TABLE: dict[tuple[object, ...], ref[Term]] = {}
"""All terms there are, and for a while some that are no more: their entries are dropped all at once."""
ENTRIES_MIN = 200_000
_entries_max = ENTRIES_MIN


def make(
    op: str,
    args: tuple[Term, ...],
    value: object = None,
    sort: str = BOOL,
    low: int | None = None,
    high: int | None = None,
) -> Term:
    key = (op, sort, value, low, high, *args)
    known = TABLE.get(key)
    if known is not None:
        there = known()
        if there is not None:
            return there
    found = Term(op, args, value, sort, low, high)
    TABLE[key] = ref(found)
    if len(TABLE) > _entries_max:
        _drop_dead()
    return found


def negation(term: Term) -> Term | None:
    """The term that is `not` this one, if there is one."""
    known = TABLE.get(("not", BOOL, None, None, None, term))
    return None if known is None else known()


def _drop_dead() -> None:
    """An entry holds the arguments of its term, which were made before it: the latest go first."""
    global _entries_max
    for key in reversed(list(TABLE)):
        if TABLE[key]() is None:
            del TABLE[key]
        del key
    _entries_max = max(ENTRIES_MIN, 2 * len(TABLE))


# ---------------------------------------------------------------- leaves

TRUE = make("const", (), True)
FALSE = make("const", (), False)


def truth(value: bool) -> Term:
    return TRUE if value else FALSE


def number(value: int) -> Term:
    return make("const", (), int(value), INT, int(value), int(value))


def text(value: str) -> Term:
    return make("text", (), value, TEXT)


def bool_var(name: str) -> Term:
    return make("var", (), name)


def int_var(name: str, low: int | None = None, high: int | None = None) -> Term:
    """An integer that lies between its bounds, both included; the printer asserts them."""
    return make("var", (), name, INT, low, high)


def text_var(name: str) -> Term:
    return make("var", (), name, TEXT)


def atom(function: str, string: Term, argument: str) -> Term:
    """A fact `function(string, argument)` about a Text variable; about a constant it is for the caller to
    decide.
    """
    return make("atom", (string,), (function, argument))


# ---------------------------------------------------------------- walks


def walk(roots: Iterable[Term], done: set[Term] | None = None) -> Iterator[Term]:
    """Every term below the roots once, arguments before what uses them; without recursion. `done`: those that
    are left out, with all below them; what is walked is added.
    """
    done = set() if done is None else done
    for root in roots:
        stack: list[tuple[Term, bool]] = [(root, False)]
        while stack:
            term, ready = stack.pop()
            if term in done:
                continue
            if ready or not term.args:
                done.add(term)
                yield term
                continue
            stack.append((term, True))
            stack.extend((arg, False) for arg in reversed(term.args) if arg not in done)


def evaluate(root: Term, assignment: Mapping[Term, object]) -> object:
    """The value of a term, given those of its variables and atoms; Text variables have a str (or any value
    of their own).
    """
    values: dict[Term, object] = {}
    for term in walk([root]):
        args = [values[arg] for arg in term.args]
        values[term] = value_of_term(term, args, assignment)
    return values[root]


def value_of_term(term: Term, args: list[object], assignment: Mapping[Term, object]) -> object:
    """The value of a term from those of its arguments."""
    match term.op:
        case "const" | "text":
            return term.value
        case "var" | "atom":
            return assignment[term]
        case "not":
            return not args[0]
        case "and":
            return all(args)
        case "or":
            return any(args)
        case "eq":
            return args[0] == args[1]
        case "ite":
            return args[1] if args[0] else args[2]
    numbers = [int(arg) for arg in args if isinstance(arg, int)]
    match term.op:
        case "le":
            return numbers[0] <= numbers[1]
        case "add":
            return sum(numbers)
    assert isinstance(term.value, int)
    return numbers[0] * term.value if term.op == "mul" else numbers[0] // term.value
