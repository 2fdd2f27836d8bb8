"""Knows the loops over lists and maps with something open: each turn happens under a guard.

`body` and `where` are functions of the loop's variables. With `pairs` there are two: index and element of
a list, key and value of a map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cmp_to_key
from itertools import groupby

from kspec.runtime.equality import from_key, less, to_key
from kspec.runtime.symbolic import terms as t
from kspec.runtime.symbolic.compare import entries_of
from kspec.runtime.symbolic.containers import Lists, Maps
from kspec.runtime.symbolic.merge import (
    Case,
    Entries,
    choose,
    count_all,
    items_of,
    make_list,
    make_map,
    make_number,
    merge_lists,
    sources_of,
)
from kspec.runtime.symbolic.outcomes import (
    Steps,
    add_entry,
    condition_of,
    guarded,
    not_supported,
    strict,
    supported,
    term_of,
)
from kspec.runtime.symbolic.outcomes import each as apart
from kspec.runtime.symbolic.terms import Term
from kspec.runtime.symbolic.values import (
    NOTHING,
    Errors,
    Opaque,
    Partial,
    SymMap,
    Union,
    Unsupported,
    Why,
    after,
    any_error,
    errors_of,
    failed,
    is_open,
    make_bool,
    outcome,
    under,
    value_of,
)
from kspec.runtime.values import EvalError

Body = Callable[..., object]
Turn = tuple[Term, object, tuple[object, ...]]
"""(does it happen, the element or key, the variables)."""


def _over(operand: object, loop: Callable[[object], object]) -> object:
    """The outcome of a loop over an outcome: apart for each alternative that is no list."""

    def run(value: object) -> object:
        if isinstance(value, (*Lists, *Maps)):
            sources = sources_of(value)
            for source in sources:
                source.enter()
            try:
                return loop(value)
            finally:
                for source in sources:
                    source.leave()
        if isinstance(value, Opaque):
            raise Unsupported(value.reason)
        return failed("no_such_overload", "a value that cannot be looped over")

    return strict(lambda value: apart(run, value), operand)


def _turns(values: object, pairs: bool) -> Iterator[Turn]:
    if isinstance(values, Maps):
        if isinstance(values, SymMap) and not values.ordered:
            raise Unsupported("a loop over a map whose order is open")
        for key, (guard, value) in entries_of(values).items():
            name = from_key(key)
            yield guard, name, ((name, value) if pairs else (name,))
        return
    before = t.number(0)
    if pairs:
        count_all(values)
    for guard, value in items_of(values):
        yield guard, value, ((make_number("int", before), value) if pairs else (value,))
        if pairs:
            before = t.add(before, t.ite(guard, t.number(1), t.number(0)))


# ---------------------------------------------------------------- all, exists


def all_(operand: object, body: Body, *, pairs: bool = False) -> object:
    return _over(operand, lambda values: _quantify(values, body, pairs, False))


def exists(operand: object, body: Body, *, pairs: bool = False) -> object:
    return _over(operand, lambda values: _quantify(values, body, pairs, True))


def _quantify(values: object, body: Body, pairs: bool, deciding: bool) -> object:
    """A deciding turn hides the errors of the others; without one, the first error is the loop's."""
    decided: list[Term] = []
    asked: list[Case] = []
    failing: list[Errors] = []
    for guard, _, variables in _turns(values, pairs):
        each = condition_of(body(*variables))
        if each is deciding and guard is t.TRUE:
            return deciding
        if isinstance(each, Partial):
            failing.append(under(guard, each.errors))
            guard = t.and_(guard, t.not_(any_error(each.errors)))
        value = value_of(each)
        if value is not NOTHING:
            term = term_of(value) if deciding else t.not_(term_of(value))
            asked.append((guard, term))
            decided.append(t.and_(guard, term))
    found = t.any_of(decided)
    _ask(values, ("holds", *asked))
    result = make_bool(found if deciding else t.not_(found))
    if not failing:
        return result
    _ask_errors(values, failing)
    return outcome(_first_errors(failing, t.not_(found)), result)


def _ask(values: object, question: object) -> None:
    """Note an existential question about the list of the loop that runs."""
    for source in sources_of(values):
        source.ask(question)


def _ask_errors(values: object, failing: list[Errors]) -> None:
    """Whether some turn fails, for each way to fail."""
    for why in dict.fromkeys((why.code, why.unsupported) for errors in failing for why, _ in errors):
        guards = (g for errors in failing for w, g in errors if (w.code, w.unsupported) == why)
        _ask(values, ("fails", why, *guards))


REASONS_MAX = 16
"""From so many different errors of one code on, in one loop, one of them stands for all: telling which is the
first would cost more than all the rest of the question.
"""


def _first_errors(failing: list[Errors], undecided: Term) -> list[tuple[Why, Term]]:
    """Of the errors of several turns the first, unless something is not known: then that."""
    found: list[tuple[Why, Term]] = []
    clear = undecided
    for select_errors in (not_supported, supported):
        for run in _runs([each for errors in failing for each in select_errors(errors)]):
            for why, its in run:
                found.append((why, t.and_(clear, its)))
                clear = t.and_(clear, t.not_(its))
    return found


def _runs(errors: list[tuple[Why, Term]]) -> list[list[tuple[Why, Term]]]:
    """Errors of one code that follow one another: equal ones as one, and very many as one as well."""
    found = []
    for _, of_code in groupby(errors, lambda each: each[0].code):
        run = [
            (why, t.any_of(guard for _, guard in same))
            for why, same in groupby(of_code, lambda each: each[0])
        ]
        found.append([(run[0][0], t.any_of(guard for _, guard in run))] if len(run) > REASONS_MAX else run)
    return found


# ---------------------------------------------------------------- strict loops


def exists_one(operand: object, body: Body, *, pairs: bool = False) -> object:
    def run(values: object) -> object:
        steps = Steps()
        count_all(values)
        held = [steps.test(guard, body(*variables)) for guard, _, variables in _turns(values, pairs)]
        total = t.add(*(t.ite(each, t.number(1), t.number(0)) for each in held))
        return steps.done(make_bool(t.eq(total, t.number(1))))

    return _over(operand, run)


def map_(operand: object, body: Body, *, where: Body | None = None, pairs: bool = False) -> object:
    """The bodies, where `where` holds."""

    def run(values: object) -> object:
        steps = Steps()
        made: list[Case] = []
        for guard, _, variables in _turns(values, pairs):
            if where is not None:
                guard = steps.test(guard, where(*variables))
            if guard is not t.FALSE:
                value = steps.take(guard, body(*variables))
                if value is not NOTHING:
                    made.append((guard, value))
        return steps.done(make_list(made, sources_of(values)))

    return _over(operand, run)


def filter_(operand: object, body: Body, *, pairs: bool = False) -> object:
    """The elements (keys) for which the body holds."""

    def run(values: object) -> object:
        steps = Steps()
        made = [
            (steps.test(guard, body(*variables)), each) for guard, each, variables in _turns(values, pairs)
        ]
        return steps.done(make_list(made, sources_of(values)))

    return _over(operand, run)


def flat_map(operand: object, body: Body, *, pairs: bool = False) -> object:
    """The concatenation of the bodies, which are lists."""

    def run(values: object) -> object:
        steps = Steps()
        made: list[Case] = []
        sources = sources_of(values)
        for guard, _, variables in _turns(values, pairs):
            inner = steps.take(guard, strict(_as_list, body(*variables)))
            if inner is not NOTHING:
                made.extend((t.and_(guard, its), value) for its, value in items_of(inner))
                sources = tuple(dict.fromkeys((*sources, *sources_of(inner))))
        return steps.done(make_list(made, sources))

    return _over(operand, run)


def _as_list(value: object) -> object:
    """The value if it is a list, an error where it is not."""
    if isinstance(value, Lists):
        return value
    if isinstance(value, Opaque):
        raise Unsupported(value.reason)
    if not isinstance(value, Union):
        return failed("no_such_overload", "flatMap wants lists")
    lists = [(guard, each) for guard, each in value.alternatives if isinstance(each, Lists)]
    rest = t.not_(t.any_of(guard for guard, _ in lists))
    return outcome([(Why("no_such_overload"), rest)], merge_lists(lists) if lists else NOTHING)


def transform_map(operand: object, body: Body, *, where: Body | None = None, pairs: bool = False) -> object:
    """A map from the first variable to the body, where `where` holds."""

    def run(values: object) -> object:
        steps = Steps()
        made: dict[object, Case] = {}
        for guard, _, variables in _turns(values, pairs):
            if where is not None:
                guard = steps.test(guard, where(*variables))
            if is_open(variables[0]):
                raise Unsupported("a map with an open key")
            value = steps.take(guard, body(*variables))
            key = to_key(variables[0])
            if value is not NOTHING:
                old = made.get(key, (t.FALSE, value))
                made[key] = (
                    t.or_(guard, old[0]),
                    value if old[0] is t.FALSE else choose(guard, value, old[1]),
                )
        return steps.done(make_map(made))

    return _over(operand, run)


def transform_map_entry(
    operand: object, body: Body, *, where: Body | None = None, pairs: bool = False
) -> object:
    """The bodies, which are maps, in one; a key twice is an error."""

    def run(values: object) -> object:
        steps = Steps()
        made = Entries()
        for guard, _, variables in _turns(values, pairs):
            if where is not None:
                guard = steps.test(guard, where(*variables))
            entries = steps.take(guard, body(*variables))
            if isinstance(entries, Maps):
                doubled: list[tuple[Why, Term]] = []
                for key, (its, value) in entries_of(entries).items():
                    add_entry(made, doubled, key, (t.and_(guard, its), value))
                steps.take(t.TRUE, outcome(doubled, None))
            elif isinstance(entries, (Union, Opaque)):
                raise Unsupported("a map that is not known where it is merged with others")
            elif entries is not NOTHING:
                steps.take(guard, failed("no_such_overload", "transformMapEntry wants maps"))
        return steps.done(made.made())

    return _over(operand, run)


def sort_by(operand: object, body: Body, *, pairs: bool = False) -> object:
    """The elements, stably ordered by the body, which must be known for each."""

    def run(values: object) -> object:
        steps = Steps()
        keyed: list[tuple[object, Case]] = []
        for guard, each, variables in _turns(values, pairs):
            key = steps.take(guard, body(*variables))
            if is_open(key):
                raise Unsupported("an order by keys that are open")
            if key is not NOTHING:
                keyed.append((key, (guard, each)))
        count_all(values)
        _check_keys(keyed)
        ordered = sorted(keyed, key=lambda pair: _ORDER(pair[0]))
        return steps.done(make_list((case for _, case in ordered), sources_of(values)))

    return _over(operand, run)


def _check_keys(keyed: list[tuple[object, Case]]) -> None:
    """Keys without an order are an error of the language, if they are there for certain."""
    try:
        for key, _ in keyed:
            less(key, keyed[0][0])
    except EvalError:
        if any(guard is not t.TRUE for _, (guard, _) in keyed):
            raise Unsupported("an order by keys of different types") from None
        raise


_ORDER = cmp_to_key(lambda a, b: -1 if less(a, b) else 1 if less(b, a) else 0)


# ---------------------------------------------------------------- fold


def fold(operand: object, init: object, step: Body) -> object:
    """`step(element, accumulated)` for each element in turn."""

    def run(values: object) -> object:
        count_all(values)
        accumulated = init
        for guard, _, variables in _turns(values, False):
            before = value_of(accumulated)
            if before is NOTHING:
                return accumulated
            after_step = guarded(step, *variables, before)
            chosen = after_step if guard is t.TRUE else guarded(choose, guard, after_step, before)
            accumulated = after(errors_of(accumulated), chosen)
        return accumulated

    return _over(operand, run)
