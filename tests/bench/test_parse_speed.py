"""A gross slowdown of the parser is found out; `bench_parse.py` prints the figures."""

from __future__ import annotations

import pytest

from kspec.source import SourceFile
from kspec.syntax.format import format_module
from kspec.syntax.parse import parse_module

from . import bench_parse


@pytest.mark.slow
def test_two_thousand_lines_are_parsed_and_formatted_in_two_seconds() -> None:
    file = SourceFile("<sample>", bench_parse.sample(2000))
    assert parse_module(file)[1] == ()
    assert bench_parse.best(lambda: parse_module(file), 1) < 0.7
    assert bench_parse.best(lambda: format_module(file), 1) < 2
