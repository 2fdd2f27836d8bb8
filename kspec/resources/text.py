"""Knows how the bytes of a file become text: UTF-8, with or without a byte order mark, or UTF-16 with one."""

from __future__ import annotations

import codecs
import re

from kspec.source import Diagnostic, SourceFile, Span

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decode_text(path: str, data: bytes) -> tuple[SourceFile, list[Diagnostic]]:
    """The file, and what is wrong with its bytes; a file with a mistake is empty from there on."""
    encoding = "utf-8"
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return _broken(path, "", "in UTF-32, which YAML does not have")
    for mark, name in _MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            break
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        good = data[: error.start].decode(encoding, errors="ignore")
        return _broken(
            path,
            good,
            f"not text in {encoding[:6].upper()} (byte {error.start} is 0x{data[error.start]:02x})",
        )
    at = text.find("\0")
    if at >= 0:
        return _broken(path, text[:at], "not a text file: it holds a NUL character")
    if _MARK in text:
        text = _LATER_MARK.sub(r"\1", text)
    return SourceFile(path, text), []


_MARK = "\ufeff"
_LATER_MARK = re.compile(rf"^(---[^\n]*\n){_MARK}", re.MULTILINE)
"""Files with a mark that were put one behind the other: each document may begin with one."""


def _broken(path: str, good: str, fault: str) -> tuple[SourceFile, list[Diagnostic]]:
    """A file whose readable beginning only serves to show the place of the fault."""
    shown = SourceFile(path, good)
    mistake = Diagnostic(
        "KS2403", f"the file is {fault}", Span(shown, len(good), len(good)), help="save it as UTF-8"
    )
    return SourceFile(path, ""), [mistake]
