"""Knows how to go on after a mistake, so that a file's mistakes are found in one run, each once.

In order: a mistake that is recognised (`mistakes.py`) says itself what was meant; else a token that is
missing or
superfluous is tried (`explain.py`); else everything is skipped up to the next line that can begin a
field, statement or
declaration where one may stand, or to the brace that ends the block. Indentation decides which block that
is, since the
most common mistake is a brace that is missing.
"""

from __future__ import annotations

from kspec.source import Span
from kspec.syntax.expected import CLOSERS, OPENERS, SIGNS
from kspec.syntax.explain import STOP, Mistake, repaired, still_open, unexpected
from kspec.syntax.lexer import BLANK, RawToken, Token
from kspec.syntax.lexical import diagnose
from kspec.syntax.lookahead import View
from kspec.syntax.machine import Machine
from kspec.syntax.mistakes import recognise
from kspec.syntax.table import END
from kspec.syntax.tree import Expressions

MISTAKES_MAX = 20
STUCK_MAX = 4
"""How many repairs may lead back to where they began before something is skipped."""


class Recoverer(View):
    """Mends the stacks of one machine."""

    def __init__(self, machine: Machine, builder: Expressions) -> None:
        super().__init__(machine)
        self.builder = builder
        self.count = 0
        self.quiet = -1
        """A mistake at this place comes of the one before it and is not told."""
        self.furthest = -1
        """The mistake furthest on, and how many came after it that were no further."""
        self.stuck = 0

    # ---- what the machine calls

    def lexical(self, at: int) -> int | None:
        """Text that is no token: goes on with the token that was probably meant, or without it."""
        machine = self.machine
        while self.text[at] in BLANK:
            at += 1
        mishap = diagnose(machine.name, self.text, at)
        if not self.tell(Mistake(mishap.code, mishap.message, mishap.start, mishap.end, mishap.help)):
            return None
        while machine.starts and machine.starts[-1] >= mishap.start and machine.end > mishap.start:
            machine.cut(len(machine.states) - 1)
        if mishap.kind is None:
            self.quiet = self.skip_blanks(mishap.end)
            return mishap.end
        for kind, text in ((mishap.kind, mishap.text), ("STRING", '""')):
            if machine.accepts(machine.states, (kind,)):
                machine.push(kind, (), Token(text, mishap.start, mishap.end))
                if mishap.end == len(self.text):
                    self.quiet = mishap.end
                return mishap.end
        return self.resync(self.index(mishap.end))

    def syntax(self, token: Token) -> int | None:
        """A token for which the state has no action."""
        machine = self.machine
        i = self.index(token.start)
        height = len(machine.states)
        self.stuck = 0 if token.start > self.furthest else self.stuck + 1
        self.furthest = max(self.furthest, token.start)
        if self.stuck > STUCK_MAX:  # no repair leads on
            i = self.index(self.furthest) + 1
            return self.resync(i) if i < len(self.raw) else None
        if (self.raw[i].kind == END and self.open_brackets()) or self.leaves_block(i):
            return self.close(i)
        mistake = recognise(self, i) or repaired(self, i) or unexpected(self, i)
        if (token.start != self.quiet and not self.tell(mistake)) or mistake.resume == STOP:
            return None
        if mistake.drop:
            machine.cut(max(1, height - mistake.drop))
        for kind, text in mistake.insert:
            if not machine.accepts(machine.states, (kind,)):
                return self.resync(i)
            place = max(machine.end, mistake.start)
            machine.push(kind, (), Token(text, place, place))
        return self.resync(i) if mistake.resume is None else mistake.resume

    def tell(self, mistake: Mistake) -> bool:
        """Adds a mistake; false when there are too many to go on."""
        self.count += 1
        if self.count > MISTAKES_MAX:
            message = f"there are more than {MISTAKES_MAX} mistakes; the rest is not shown"
            self.builder.problem("KS1204", message, mistake.start, mistake.end)
            return False
        notes = tuple((Span(self.machine.file, s, e), label) for s, e, label in mistake.notes)
        self.builder.problem(mistake.code, mistake.message, mistake.start, mistake.end, mistake.help, notes)
        return True

    # ---- blocks that are not closed

    def leaves_block(self, i: int) -> bool:
        """Did a declaration begin at the margin, just before raw token `i` or at it, though brackets are
        open?"""
        return any(self.begins_declaration(k) for k in range(max(0, i - 2), i + 1)) and bool(
            self.open_brackets()
        )

    def close(self, i: int) -> int | None:
        """A block is not closed where the file ends, or where a declaration begins at the margin: closes
        all brackets."""
        while i and not self.begins_declaration(i) and self.raw[i].kind != END:
            i -= 1
        opener, symbol = self.suspect(i), "LBRACE"
        brackets = self.open_brackets()
        if opener is None and brackets:
            opener = self.machine.starts[brackets[-1] - 1]
            symbol = self.symbols[self.machine.states[brackets[-1]]]
        if opener is not None:
            mistake = still_open(self, opener, symbol, i)
            self.forget_after(opener)
        else:
            mistake = unexpected(self, i)
        if self.raw[i].start != self.quiet and not self.tell(mistake):
            return None
        self.unwind(self.raw[i].start)
        return self.raw[i].start

    def suspect(self, i: int) -> int | None:
        """The brace before raw token `i` whose closing brace stands too far to the left: that one closes
        something else."""
        first = self.machine.starts[1] if len(self.machine.starts) > 1 else 0
        stack: list[RawToken] = []
        for token in self.raw[self.index(first) : i]:
            if token.kind in OPENERS:
                stack.append(token)
            elif token.kind in CLOSERS and stack:
                opener = stack.pop()
                if (
                    token.kind == "RBRACE"
                    and token.begins_line
                    and self.indent(token.start) < self.indent(opener.start)
                ):
                    return opener.start
        return None

    def forget_after(self, opener: int) -> None:
        """Mistakes that only come of a block which seemed to go on: words that begin no declaration."""
        kept = [
            p
            for p in self.builder.problems
            if p.code not in ("KS1004", "KS1108") or p.span is None or p.span.start < opener
        ]
        self.builder.problems[:] = kept

    def unwind(self, place: int) -> None:
        """Closes every bracket that is open, dropping what cannot be completed."""
        machine = self.machine
        while self.open_brackets():
            closer = OPENERS[self.symbols[machine.states[self.open_brackets()[-1]]]]
            if machine.accepts(machine.states, (closer,)):
                machine.push(closer, (), Token(SIGNS[closer], machine.end, machine.end))
                continue
            bracket = self.open_brackets()[-1]
            usable = [c for c in self.inside(bracket) if machine.accepts(machine.states[: c + 1], (closer,))]
            machine.cut(usable[0] + 1 if usable else self.outside(bracket))
        if not machine.accepts(machine.states, (END,)) and not self.top_only():
            machine.cut(2 if self.top() else 1)

    def top_only(self) -> bool:
        return len(self.machine.states) == 1 + len(self.top())

    # ---- the last resort

    def resync(self, i: int) -> int | None:
        """Skips to a token with which a field, statement or declaration can begin or a block can end, and
        cuts the stacks."""
        brackets = [(j, self.symbols[self.machine.states[j]]) for j in self.open_brackets()]
        contexts = self.contexts()
        for k in range(i, len(self.raw)):
            token = self.raw[k]
            if token.kind == END:
                return self.at_end(k)
            if self.begins_declaration(k) and self.top():
                return self.to_declaration(k)
            if token.begins_line and (k > i or token.kind not in CLOSERS):
                context = self.begun(k, brackets, contexts)
                if context is not None:
                    return self.resume(context, token)
            if token.kind in OPENERS:
                brackets.append((-1, token.kind))
            elif token.kind in CLOSERS:
                context = self.ended(token, brackets)
                if context is not None:
                    return self.resume(context, token)
        return None

    def ended(self, token: RawToken, brackets: list[tuple[int, str]]) -> int | None:
        """The context that this closing bracket ends, if it closes one that was open at the mistake;
        takes it off."""
        wanted = CLOSERS[token.kind]
        while brackets and brackets[-1][1] != wanted and wanted == "LBRACE":
            brackets.pop()
        if not brackets or brackets[-1][1] != wanted:
            return None
        place, _ = brackets.pop()
        states = self.machine.states
        usable = (
            [c for c in self.inside(place) if self.machine.accepts(states[: c + 1], (token.kind,))]
            if place >= 0
            else []
        )
        return usable[0] if usable else None

    def begun(self, k: int, brackets: list[tuple[int, str]], contexts: list[int]) -> int | None:
        """The context in which the element that begins at raw token `k` stands, by its indentation."""
        token = self.raw[k]
        if any(place < 0 for place, _ in brackets):
            return None
        states, starts = self.machine.states, self.machine.starts
        indent = self.indent(token.start)
        for c in contexts:
            begun = c < len(starts)
            if begun and indent > self.indent(starts[c]):
                continue
            if self.fits(states[: c + 1], k) >= (1 if begun and indent == self.indent(starts[c]) else 2):
                return c
        return None

    def resume(self, context: int, token: RawToken) -> int:
        self.machine.cut(context + 1)
        return token.start

    def to_declaration(self, k: int) -> int:
        self.machine.cut(2)
        return self.raw[k].start

    def at_end(self, k: int) -> int | None:
        """The file ends in the middle of something: keeps what is whole."""
        self.unwind(self.raw[k].start)
        if self.machine.accepts(self.machine.states, (END,)):
            return self.raw[k].start
        return None
