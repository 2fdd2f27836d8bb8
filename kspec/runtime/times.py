"""Knows timestamps and durations: their texts, and their parts in a time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from kspec.runtime.operators import check_duration, check_timestamp
from kspec.runtime.registry import function
from kspec.runtime.values import Duration, EvalError, Timestamp

SECOND = 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_UNITS = {
    "h": 3600 * SECOND,
    "m": 60 * SECOND,
    "s": SECOND,
    "ms": 10**6,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ns": 1,
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|μs|ns)", re.ASCII)


# ---------------------------------------------------------------- texts


@function("timestamp", "string")
def parse_timestamp(text: str) -> Timestamp:
    """RFC 3339, to the nanosecond; further digits are dropped."""
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise EvalError("invalid_argument", f"`{text}` is not a timestamp as RFC 3339 has it")
    year, month, day, hour, minute, second = (int(g) for g in found.groups()[:6])
    fraction, sign, offset_hours, offset_minutes = found.groups()[6:]
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise EvalError("invalid_argument", f"`{text}` is not a timestamp: {error}") from None
    offset = 0
    if sign is not None:
        if int(offset_hours) > 23 or int(offset_minutes) > 59:
            raise EvalError("invalid_argument", f"`{text}` has no such offset from UTC")
        offset = (int(offset_hours) * 3600 + int(offset_minutes) * 60) * (1 if sign == "+" else -1)
    seconds = (moment - _EPOCH) // timedelta(seconds=1) - offset
    return check_timestamp(seconds * SECOND + int((fraction or "")[:9].ljust(9, "0")))


@function("string", "timestamp")
def show_timestamp(value: Timestamp) -> str:
    """RFC 3339 in UTC, without trailing zeros in the fraction."""
    seconds, nanos = divmod(value.nanos, SECOND)
    moment = _EPOCH + timedelta(seconds=seconds)
    text = f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}"
    return f"{text}.{nanos:09}".rstrip("0") + "Z" if nanos else f"{text}Z"


@function("timestamp", "timestamp")
def same_timestamp(value: Timestamp) -> Timestamp:
    return value


@function("timestamp", "int")
def timestamp_from_int(seconds: int) -> Timestamp:
    return check_timestamp(seconds * SECOND)


@function("duration", "string")
def parse_duration(text: str) -> Duration:
    """Go's notation: `1h30m`, `1.5s`, `-2ms`. `0` needs no unit."""
    sign, rest = 1, text
    if rest[:1] in ("+", "-"):
        sign, rest = (-1 if rest[0] == "-" else 1), rest[1:]
    if rest == "0":
        return Duration(0)
    total, at = 0, 0
    while at < len(rest):
        part = _PART.match(rest, at)
        if part is None:
            break
        whole, _, fraction = part[1].partition(".")
        unit = _UNITS[part[2]]
        total += int(whole or "0") * unit + int(fraction or "0") * unit // 10 ** len(fraction)
        at = part.end()
    if not rest or at < len(rest):
        raise EvalError("invalid_argument", f"`{text}` is not a duration such as `1h30m`")
    return check_duration(sign * total)


@function("string", "duration")
def show_duration(value: Duration) -> str:
    """In seconds, as CEL prints it: `90s`, `0.5s`."""
    sign = "-" if value.nanos < 0 else ""
    seconds, nanos = divmod(abs(value.nanos), SECOND)
    fraction = f".{nanos:09}".rstrip("0") if nanos else ""
    return f"{sign}{seconds}{fraction}s"


@function("duration", "duration")
def same_duration(value: Duration) -> Duration:
    return value


@function("int", "timestamp")
def timestamp_seconds(value: Timestamp) -> int:
    return value.nanos // SECOND


# ---------------------------------------------------------------- parts


def find_zone(name: str) -> tzinfo:
    """`UTC`, an IANA name, or an offset such as `+01:30` (the sign may be left out)."""
    offset = re.fullmatch(r"([+-]?)(\d\d):(\d\d)", name, re.ASCII)
    if offset is not None:
        hours, minutes = int(offset[2]), int(offset[3])
        if hours < 24 and minutes < 60:
            span = timedelta(hours=hours, minutes=minutes)
            return timezone(-span if offset[1] == "-" else span)
    elif name in ("", "UTC"):
        return UTC
    else:
        from zoneinfo import ZoneInfo  # here: reading zones is seldom needed

        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            pass
    raise EvalError("invalid_argument", f"unknown time zone `{name}`")


def moment_in(value: Timestamp, zone: str = "UTC") -> datetime:
    """The local date and time of day, whole seconds. Past the ends of the calendar: the error `overflow`."""
    try:
        return (_EPOCH + timedelta(seconds=value.nanos // SECOND)).astimezone(find_zone(zone))
    except OverflowError:
        raise EvalError("overflow", "timestamp overflow: years 1 to 9999") from None


_ACCESSORS: dict[str, Callable[[datetime], int]] = {
    "getFullYear": lambda t: t.year,
    "getMonth": lambda t: t.month - 1,
    "getDayOfYear": lambda t: t.timetuple().tm_yday - 1,
    "getDayOfMonth": lambda t: t.day - 1,
    "getDate": lambda t: t.day,
    "getDayOfWeek": lambda t: t.isoweekday() % 7,
    "getHours": lambda t: t.hour,
    "getMinutes": lambda t: t.minute,
    "getSeconds": lambda t: t.second,
}


def _register_accessor(name: str, part: Callable[[datetime], int]) -> None:
    @function(name, "timestamp")
    def in_utc(value: Timestamp) -> int:
        return part(moment_in(value))

    @function(name, "timestamp", "string")
    def in_zone(value: Timestamp, zone: str) -> int:
        return part(moment_in(value, zone))


for _name, _part in _ACCESSORS.items():
    _register_accessor(_name, _part)


@function("getMilliseconds", "timestamp")
def timestamp_milliseconds(value: Timestamp) -> int:
    return value.nanos % SECOND // 10**6


@function("getMilliseconds", "timestamp", "string")
def timestamp_milliseconds_in(value: Timestamp, zone: str) -> int:
    find_zone(zone)
    return timestamp_milliseconds(value)


def _towards_zero(nanos: int, unit: int) -> int:
    return nanos // unit if nanos >= 0 else -(-nanos // unit)


@function("getHours", "duration")
def duration_hours(value: Duration) -> int:
    """The whole duration in hours, towards zero."""
    return _towards_zero(value.nanos, 3600 * SECOND)


@function("getMinutes", "duration")
def duration_minutes(value: Duration) -> int:
    return _towards_zero(value.nanos, 60 * SECOND)


@function("getSeconds", "duration")
def duration_seconds(value: Duration) -> int:
    return _towards_zero(value.nanos, SECOND)


@function("getMilliseconds", "duration")
def duration_milliseconds(value: Duration) -> int:
    """The part below a second, as the CEL specification has it."""
    return _towards_zero(value.nanos, 10**6) - 1000 * duration_seconds(value)
