"""Knows how a duration is written on the command line: `30`, `30s`, `500ms`, `2m`."""

from __future__ import annotations

import re

import click

UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


class Seconds(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic since click 8.2
    """`30`, `30s`, `500ms`, `2m`."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]+)?)(ms|s|m|min|h)?", str(value).strip())
        if found is None:
            self.fail(f"{value!r} is not a duration such as 30s or 500ms.", param, ctx)
        return float(found[1]) * UNITS[found[2] or ""]
