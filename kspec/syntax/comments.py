"""Knows where the comments of a file go when it is printed anew: before what they stood before, after
what they stood after."""

from __future__ import annotations

from kspec.source import SourceFile
from kspec.syntax import ast
from kspec.syntax.layout import HARD, Doc, Suffix


class Comments:
    """The comments not yet printed, in order. Whoever prints a part of the file asks for those before and
    after it."""

    def __init__(self, file: SourceFile, comments: tuple[ast.Comment, ...]) -> None:
        self.text = file.text
        self.comments = comments
        self.next = 0

    def before(self, place: int) -> Doc:
        """The comments before a place, each on a line of its own; blank lines after them are kept."""
        out: list[Doc] = []
        while self.next < len(self.comments) and self.comments[self.next].span.start < place:
            comment = self.comments[self.next]
            self.next += 1
            following = min(place, self.next_start(place))
            out += [self.line(comment), HARD]
            if self.blank(comment.span.end, following):
                out.append(HARD)
        return tuple(out)

    def after(self, place: int, skip: str = " \t,") -> Doc:
        """The comment that follows a place on its line, with nothing but these characters between."""
        if self.next < len(self.comments):
            comment = self.comments[self.next]
            between = self.text[place : comment.span.start]
            if comment.span.start >= place and not between.strip(skip):
                self.next += 1
                return Suffix(self.line(comment))
        return ""

    def before_close(self, start: int, place: int) -> Doc:
        """The comments before the bracket at `place`, after the thing (or bracket) that ends at `start`."""
        out: list[Doc] = []
        while self.next < len(self.comments) and self.comments[self.next].span.start < place:
            comment = self.comments[self.next]
            self.next += 1
            if self.text[start : start + 1] not in ("{", "[") and self.blank(start, comment.span.start):
                out.append(HARD)
            out += [HARD, self.line(comment)]
            start = comment.span.end
        return tuple(out)

    def line(self, comment: ast.Comment) -> str:
        """The comment with one blank after its slashes; three slashes stay three."""
        raw = self.text[comment.span.start : comment.span.end].rstrip()
        slashes = "///" if raw.startswith("///") else "//"
        text = raw[len(slashes) :]
        return slashes + ("" if not text or text[0] == " " else " ") + text

    def pending(self, start: int, end: int) -> bool:
        """Are there comments to print in this range?"""
        return any(start <= c.span.start < end for c in self.comments[self.next : self.next + 1])

    def next_start(self, otherwise: int) -> int:
        return self.comments[self.next].span.start if self.next < len(self.comments) else otherwise

    def blank(self, start: int, end: int) -> bool:
        """Is there a blank line between two places?"""
        return any(not line.strip() for line in self.text[start:end].split("\n")[1:-1])
