"""Knows the whole standard library: importing this module loads every function into `FUNCTIONS`."""

from __future__ import annotations

from collections.abc import Mapping

from kspec.runtime import (
    conversions,
    encoders,
    equality,
    formats,
    formatting,
    ip,
    lists,
    maths,
    operators,
    optionals,
    quantity,
    regex,
    semver,
    strings,
    times,
    url,
)
from kspec.runtime.registry import LIBRARY, Overloaded

FUNCTIONS: Mapping[str, Overloaded] = LIBRARY
"""CEL name -> function over values, strict, raises EvalError. A method's receiver is the first argument."""

MODULES = (
    conversions,
    encoders,
    equality,
    formats,
    formatting,
    ip,
    lists,
    maths,
    operators,
    optionals,
    quantity,
    regex,
    semver,
    strings,
    times,
    url,
)
"""The modules that hold them; each registers its functions when it is imported."""
