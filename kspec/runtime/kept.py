"""Knows the lists whose sums and counts somebody keeps, so that who asks again need not run over them.

Generated code adds up over the lists that a rule is given by these functions. For an ordinary list they are
what the language says: a fold, the size of a filtered list.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence

from kspec.runtime.operators import add_int

Each = Callable[[object], int]


class Kept(list[object]):
    """A list that keeps sums over its elements. `free` is all that `each` depends on beside the element:
    where site and `free` are the same, so is the function.
    """

    @abstractmethod
    def total(self, site: str, free: tuple[object, ...], each: Each) -> int: ...


def sum_of(values: Sequence[object], start: int, each: Each, site: str, *free: object) -> int:
    """`values.fold(x, sum, start, sum + each(x))`."""
    if isinstance(values, Kept):
        return add_int(start, values.total(site, free, each))
    for value in values:
        start = add_int(start, each(value))
    return start


def count_of(values: Sequence[object], test: Callable[[object], bool], site: str, *free: object) -> int:
    """`size(values.filter(x, test(x)))`."""
    if isinstance(values, Kept):
        return values.total(site, free, test)
    return len([value for value in values if test(value)])
