"""Knows how to go on after a mistake, so that a file's mistakes are found in one run, each once.

In order: a mistake that is recognised (`mistakes.py`) says itself what was meant; else a missing or a superfluous token is tried;
else everything is skipped up to the next line that can begin a field, statement or declaration where one may stand, or to
the brace that ends the block. Indentation decides which block that is, since a wrong file is most often one with a brace missing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property

from kspec.source import Span
from kspec.syntax.expected import CLOSERS, OPENERS, SIGNS, expectation, found
from kspec.syntax.lexer import BLANK, RESOURCE_NAME, RawToken, Token, raw_tokens
from kspec.syntax.lexical import diagnose
from kspec.syntax.machine import Machine
from kspec.syntax.mistakes import STOP, Mistake, recognise
from kspec.syntax.table import END
from kspec.syntax.tree import Expressions

MISTAKES_MAX = 20
AHEAD = 5
"""How many tokens must fit after a repair to believe in it."""
ENOUGH = 3
LOOK_BACK = 4
LISTS = frozenset(
    "declarations statements block_items namespace_items template_items type_fields cases case_objects object_fields LBRACE".split()
)
"""Symbols after which an element of a block may begin."""
UNFINISHED = frozenset("OPERATOR MINUS STAR DOT COLON EQUAL QMARK BANG RANGE IN IMPLIES".split())
"""Tokens with which nothing ends."""
INSERTED = (
    ("COLON", ":"), ("COMMA", ","), ("RPAR", ")"), ("RSQB", "]"), ("EQUAL", "="), ("LBRACE", "{"), ("NULL", "null"), ("RBRACE", "}"),
)  # fmt: skip


class Recoverer:
    """Mends the stacks of one machine."""

    def __init__(self, machine: Machine, builder: Expressions) -> None:
        self.machine = machine
        self.builder = builder
        self.text = machine.file.text
        self.count = 0
        self.quiet = -1
        """A mistake at this place comes of the one before it and is not told."""
        self.last = (-1, 0)
        """Where the last mistake was, and how high the stack."""

    # ---- what the machine calls

    def lexical(self, at: int) -> int | None:
        while self.text[at] in BLANK:
            at += 1
        mishap = diagnose(self.machine.name, self.text, at)
        if not self.tell(Mistake(mishap.code, mishap.message, mishap.start, mishap.end, mishap.help)):
            return None
        while self.machine.starts and self.machine.starts[-1] >= mishap.start and self.machine.end > mishap.start:
            self.machine.cut(len(self.machine.states) - 1)
        if mishap.kind is None:
            self.quiet = self.skip_blanks(mishap.end)
            return mishap.end
        for kind, text in ((mishap.kind, mishap.text), ("STRING", '""')):
            if self.machine.accepts(self.machine.states, (kind,)):
                self.machine.feed((kind,), Token(text, mishap.start, mishap.end))
                if mishap.end == len(self.text):
                    self.quiet = mishap.end
                return mishap.end
        return self.resync(self.index(mishap.end))

    def syntax(self, token: Token) -> int | None:
        i = self.index(token.start)
        height = len(self.machine.states)
        if (token.start, height) == self.last:  # no repair led on
            return self.resync(i + 1) if i + 1 < len(self.raw) else None
        self.last = (token.start, height)
        if self.raw[i].kind == END and len(self.machine.states) > 1 and self.open_brackets() or self.leaves_block(i):
            return self.close(i)
        mistake = recognise(self, i) or self.repaired(i) or self.unexpected(i)
        if token.start != self.quiet and not self.tell(mistake) or mistake.resume == STOP:
            return None
        if mistake.drop:
            self.machine.cut(max(1, height - mistake.drop))
        for kind, text in mistake.insert:
            if not self.machine.accepts(self.machine.states, (kind,)):
                return self.resync(i)
            place = max(self.machine.end, mistake.start)
            self.machine.feed((kind,), Token(text, place, place))
        if mistake.resume is None:
            return self.resync(i)
        return mistake.resume

    def tell(self, mistake: Mistake) -> bool:
        """Adds a mistake; false when there are too many to go on."""
        self.count += 1
        if self.count > MISTAKES_MAX:
            self.builder.problem("KS1204", f"there are more than {MISTAKES_MAX} mistakes; the rest is not shown", mistake.start, mistake.end)
            return False
        notes = tuple((Span(self.machine.file, s, e), label) for s, e, label in mistake.notes)
        self.builder.problem(mistake.code, mistake.message, mistake.start, mistake.end, mistake.help, notes)
        return True

    # ---- looking at the text

    @cached_property
    def raw(self) -> list[RawToken]:
        return raw_tokens(self.machine.name, self.text, 1 if self.text.startswith("\ufeff") else 0)

    @cached_property
    def raw_starts(self) -> list[int]:
        return [t.start for t in self.raw]

    def index(self, at: int) -> int:
        """The raw token at a place, or the first after it."""
        return min(bisect_left(self.raw_starts, at), len(self.raw) - 1)

    def skip_blanks(self, at: int) -> int:
        while at < len(self.text) and self.text[at] in BLANK:
            at += 1
        return at

    def indent(self, at: int) -> int:
        """The width of the blanks before the first token of the line."""
        begin = self.text.rfind("\n", 0, at) + 1
        width = begin
        while width < len(self.text) and self.text[width] in " \t":
            width += 1
        return len(self.text[begin:width].expandtabs(4))

    # ---- looking at the stacks

    @cached_property
    def symbols(self) -> list[str]:
        """The symbol by which each state is entered."""
        table = self.machine.table
        out = [""] * len(table.actions)
        for row in (*table.actions, *table.gotos):
            for symbol, target in row.items():
                if target >= 0:
                    out[target] = symbol
        return out

    def open_brackets(self) -> list[int]:
        """Where on the stack of states brackets are open, outermost first."""
        out: list[int] = []
        for i, state in enumerate(self.machine.states):
            if self.symbols[state] in OPENERS:
                out.append(i)
            elif self.symbols[state] in CLOSERS:  # shifted, but what it closes is not reduced yet
                out.pop()
        return out

    def contexts(self) -> list[int]:
        """Where on the stack of states an element of a block may begin or has begun, innermost first."""
        states = self.machine.states
        return [i for i in range(len(states) - 1, -1, -1) if i == 0 or self.symbols[states[i]] in LISTS]

    def inside(self, bracket: int) -> list[int]:
        """The contexts within a bracket but in no bracket within it, innermost first."""
        states = self.machine.states
        end = next((i for i in range(bracket + 1, len(states)) if self.symbols[states[i]] in OPENERS), len(states))
        return [c for c in self.contexts() if bracket <= c < end]

    def acceptable(self) -> list[str]:
        """The terminals that could come next."""
        machine = self.machine
        return [t for t in machine.table.actions[machine.states[-1]] if machine.accepts(machine.states, (t,))]

    def fits(self, states: list[int], i: int, most: int = AHEAD, into: list[int] | None = None) -> int:
        """How many raw tokens from `i` on the machine would accept, up to so many; `into` gets the states after them."""
        states = list(states)
        begun = i
        taken = 0
        resource_name = self.machine.lexicon.resource_name
        while (taken := i - begun) < most:
            token = self.raw[i]
            kinds = (token.kind, *token.others)
            m = resource_name.match(self.text, token.start) if states[-1] in self.machine.lexicon.names_resource else None
            if m is not None and m.end() >= token.end and self.machine.shift(longer := list(states), (RESOURCE_NAME,)):
                if m.end() > token.end or not self.machine.accepts(states, kinds):
                    states, i = longer, self.index(m.end())
                    continue
            if not self.machine.shift(states, kinds):
                break
            if token.kind == END:
                return most
            i += 1
        if into is not None:
            into[:] = states
        return taken

    # ---- a line that breaks off

    def broken_off(self, i: int) -> Mistake | None:
        """Words of the line that holds raw token `i` were taken into the field or statement before, which breaks off.

        So it is if the line, read as a field or statement of its own, goes on beyond the token.
        """
        k = i
        while k > max(0, i - LOOK_BACK) and not self.raw[k].begins_line:
            k -= 1
        first = self.raw[k]
        if not first.begins_line or not k or first.kind in CLOSERS:
            return None
        for c in self.contexts():
            if c >= len(self.machine.starts):
                continue
            begun = self.machine.starts[c]
            states = self.machine.states[: c + 1]
            if begun > first.start and self.raw[k - 1].kind in UNFINISHED and self.fits(states, k, i - k + 1) > i - k:
                return self._swallowed(c, k)
            if begun >= first.start or self.indent(first.start) > self.indent(begun):
                continue
            if self.fits(states, k, i - k + 1) < max(2, i - k + 1):
                continue
            return self._broken(c, k)
        return None

    def _swallowed(self, context: int, k: int) -> Mistake:
        """The element before `context` took the word at raw token `k` as its end."""
        before = self.raw[k - 1]
        wanted = "a name" if before.kind == "DOT" else "a value"
        message = f"expected {wanted} after {_quoted(before)}"
        drop = len(self.machine.states) - context - 1
        return Mistake("KS1001", message, before.end, before.end, drop=drop, resume=self.raw[k].start)

    def _broken(self, context: int, k: int) -> Mistake | None:
        """The mistake of the element after `context` that breaks off before raw token `k`."""
        machine = self.machine
        before = machine.states[: context + 1]
        first = self.index(machine.starts[context])
        if self.fits(before, first, k - first, before) < k - first:
            return None
        resume = self.raw[k].start
        opened = [j for j in self.open_brackets() if j > context]
        inner = [t for t in self.raw[first:k] if t.kind in OPENERS or t.kind in CLOSERS]
        if opened and inner and inner[-1].kind in ("LPAR", "LSQB") and self.raw[k - 1].kind not in ("COLON", "OPERATOR"):
            symbol = self.symbols[machine.states[opened[-1]]]
            mistake = self.still_open(machine.starts[opened[-1] - 1], symbol, k)
        else:
            wanted = expectation([t for t in machine.table.actions[before[-1]] if machine.accepts(before, (t,))])
            end = self.raw[k - 1].end
            mistake = Mistake("KS1001", f"expected {wanted} after {_quoted(self.raw[k - 1])}", end, end)
        return mistake._replace(drop=len(machine.states) - context - 1, resume=resume)

    # ---- one token too few or too many

    def repaired(self, i: int) -> Mistake | None:
        """The mistake of a token that is missing before raw token `i`, or of that token being there."""
        best, chosen = ENOUGH - 1, ("", "")
        for kind, text in INSERTED:
            states = list(self.machine.states)
            if self.machine.shift(states, (kind,)) and (fit := self.fits(states, i)) > best:
                best, chosen = fit, (kind, text)
        token = self.raw[i]
        drop = best - (chosen[0] in ("LBRACE", "RBRACE"))
        if token.kind != END and self.fits(self.machine.states, i + 1) > drop and not token.begins_line:
            return self.unexpected(i)._replace(resume=token.end)
        if not chosen[0]:
            return None
        if chosen[0] in CLOSERS:
            return self.unclosed(chosen[0], i)._replace(insert=(chosen,), resume=token.start)
        mistake = self.unexpected(i, "a value" if chosen[0] == "NULL" else f"`{chosen[1]}`")
        return mistake._replace(insert=(chosen,), resume=token.start)

    def unexpected(self, i: int, wanted: str = "") -> Mistake:
        """A mistake that says what was expected where raw token `i` stands; at the line before if that breaks off."""
        token = self.raw[i]
        wanted = wanted or expectation(self.acceptable())
        what = found(token.kind, Token(token.text, token.start, token.end))
        if i and token.begins_line and (token.kind not in CLOSERS or wanted.startswith("a value")):
            end = self.raw[i - 1].end
            return Mistake("KS1001", f"expected {wanted} after {_quoted(self.raw[i - 1])}", end, end)
        help = f'put it in quotes: `"{token.text}"`' if wanted == "a text in quotes" and re.fullmatch(r"[\w.]+", token.text) else ""
        return Mistake("KS1001", f"expected {wanted}, found {what}", token.start, token.end, help)

    # ---- brackets that are not closed

    def unclosed(self, closer: str, i: int) -> Mistake:
        """The bracket that this closer would close is still open at raw token `i`."""
        states = self.machine.states
        opener = next(j for j in reversed(self.open_brackets()) if self.symbols[states[j]] == CLOSERS[closer])
        return self.still_open(self.machine.starts[opener - 1], CLOSERS[closer], i)

    def still_open(self, opener: int, symbol: str, i: int) -> Mistake:
        sign, closing = SIGNS[symbol], SIGNS[OPENERS[symbol]]
        token = self.raw[i]
        where = "the file ends" if token.kind == END else f"{found(token.kind, Token(token.text, 0, 0))} comes"
        end = self.raw[i - 1].end if i else token.start
        note = ((end, end, f"`{closing}` is missing here, before {where}"),)
        return Mistake("KS1002", f"this `{sign}` is not closed", opener, opener + 1, f"add the `{closing}` that ends it", note)

    def leaves_block(self, i: int) -> bool:
        """Did a declaration begin at the margin, just before raw token `i` or at it, though brackets are open?"""
        return any(self.begins_declaration(k) for k in range(max(0, i - 2), i + 1)) and bool(self.open_brackets())

    def begins_declaration(self, k: int) -> bool:
        token = self.raw[k]
        if not token.begins_line or token.start != self.text.rfind("\n", 0, token.start) + 1 or k + 1 >= len(self.raw):
            return False
        after = self.raw[k + 1]
        named = after.kind in ("NAME", "STRING") or "NAME" in after.others
        if "NAME" in token.others:
            return named and not after.begins_line and self.machine.accepts(self.machine.states[:1] + self.top(), (token.kind,))
        return token.kind == "NAME" and token.text[:1].isupper() and named and not after.begins_line

    def top(self) -> list[int]:
        """The state after the whole declarations, if the input is a module."""
        states = self.machine.states
        return states[1:2] if len(states) > 1 and self.symbols[states[1]] == "declarations" else []

    def close(self, i: int) -> int | None:
        """A block is not closed where the file ends, or where a declaration begins at the margin: closes all brackets."""
        while i and not self.begins_declaration(i) and self.raw[i].kind != END:
            i -= 1
        opener, symbol = self.suspect(i), "LBRACE"
        brackets = self.open_brackets()
        if opener is None and brackets:
            opener = self.machine.starts[brackets[-1] - 1]
            symbol = self.symbols[self.machine.states[brackets[-1]]]
        if opener is not None:
            mistake = self.still_open(opener, symbol, i)
            self.forget_after(opener)
        else:
            mistake = self.unexpected(i)
        if self.raw[i].start != self.quiet and not self.tell(mistake):
            return None
        self.unwind(self.raw[i].start)
        return self.raw[i].start

    def suspect(self, i: int) -> int | None:
        """The brace before raw token `i` whose closing brace stands too far to the left: that one closes something else."""
        first = self.machine.starts[1] if len(self.machine.starts) > 1 else 0
        stack: list[RawToken] = []
        for token in self.raw[self.index(first) : i]:
            if token.kind in OPENERS:
                stack.append(token)
            elif token.kind in CLOSERS and stack:
                opener = stack.pop()
                if token.kind == "RBRACE" and token.begins_line and self.indent(token.start) < self.indent(opener.start):
                    return opener.start
        return None

    def forget_after(self, opener: int) -> None:
        """Mistakes that only come of a block which seemed to go on: kinds that are none."""
        kept = [p for p in self.builder.problems if p.code != "KS1108" or p.span is None or p.span.start < opener]
        self.builder.problems[:] = kept

    def unwind(self, place: int) -> None:
        """Closes every bracket that is open, dropping what cannot be completed."""
        machine = self.machine
        while self.open_brackets():
            closer = OPENERS[self.symbols[machine.states[self.open_brackets()[-1]]]]
            if machine.accepts(machine.states, (closer,)):
                machine.feed((closer,), Token(SIGNS[closer], machine.end, machine.end))
                continue
            bracket = self.open_brackets()[-1]
            usable = [c for c in self.inside(bracket) if machine.accepts(machine.states[: c + 1], (closer,))]
            machine.cut(usable[0] + 1 if usable else self._outside(bracket))
        if not machine.accepts(machine.states, (END,)) and not self.top_only():
            machine.cut(2 if self.top() else 1)

    def _outside(self, bracket: int) -> int:
        """The height of the innermost block around a bracket."""
        return next((c + 1 for c in self.contexts() if c < bracket), 1)

    def top_only(self) -> bool:
        return len(self.machine.states) == 1 + len(self.top())

    # ---- the last resort

    def resync(self, i: int) -> int | None:
        """Skips to a token with which a field, statement or declaration can begin or a block can end, and cuts the stacks."""
        states = self.machine.states
        brackets = [(j, self.symbols[states[j]]) for j in self.open_brackets()]
        contexts = self.contexts()
        for k in range(i, len(self.raw)):
            token = self.raw[k]
            kinds = (token.kind, *token.others)
            if token.kind == END:
                return self.at_end(k)
            if self.begins_declaration(k) and self.top():
                return self.to_declaration(k)
            if token.begins_line and k > i or token.begins_line and token.kind not in CLOSERS:
                context = self.begun(k, brackets, contexts)
                if context is not None:
                    return self.resume(context, token)
            if token.kind in OPENERS:
                brackets.append((-1, token.kind))
            elif token.kind in CLOSERS:
                wanted = CLOSERS[token.kind]
                while brackets and brackets[-1][1] != wanted and wanted == "LBRACE":
                    brackets.pop()
                if not brackets or brackets[-1][1] != wanted:
                    continue
                place, _ = brackets.pop()
                if place < 0:
                    continue
                for c in self.inside(place):
                    if self.machine.accepts(states[: c + 1], kinds):
                        return self.resume(c, token)
        return None

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


def _quoted(token: RawToken) -> str:
    return found(token.kind, Token(token.text, token.start, token.end))
