"""When to look at a terminal, and what is held true of it; sans-io, given the time.

Rule 1: a look comes when output pauses, and now and then while it does not.
Rule 2: what is seen in the midst of output is believed when it is seen twice.
Rule 3: after the last output there are some looks more: a program may change how it
listens without a word, and quiet itself tells something.
Rule 4: an agent that worked is at rest once it has been quiet for a second, and one at
rest works when it says so or puts out something for a second: what is redrawn twice a
second does not flip.
Rule 5: a prompt that looks as before is another one once a line was typed by hand, or
its own line was left and it stands on a new one.
"""

import attrs

from ant.terminal.detect.classify import classify
from ant.terminal.detect.verdict import ActivitySeen, VerdictSeen
from ant.terminal.model.prompt import Form, Kind, Prompt, Verdict
from ant.terminal.screen.snapshot import ScreenSnapshot
from ant.terminal.shell.osc133 import ShellState

ACTIVITY_EVERY_S = 10.0
"""Seconds between two notices of activity: the original's clients expect no more."""

PAUSE_S = 0.06
"""Quiet after which a screen is drawn: agents redraw in bursts of milliseconds."""

AT_LEAST_S = 0.25
"""Between two looks at a screen that is never quiet."""

FLIP_S = 1.0
"""What lies at least between an agent's work and its rest: clocks and counters of
theirs are redrawn once a second or more often."""

_RESTS = frozenset([Kind.AT_REST, Kind.QUESTION])
_LINES = frozenset([Form.LINE, Form.WORDS, Form.SECRET])

LATER_S = (0.3, 1.05, 3.0)
"""Quiet at which to look again: for who changes the line discipline, for what counts
as work no longer, and once more."""


class PromptDetector:
    """Feed it every byte once, in order, in pieces of any size; look when it is due.

    `flag` names the driver for a program that no driver knows by its name; `shell` is
    what the session's shell has said of itself.
    """

    def __init__(self, flag: str | None = None) -> None:
        self.flag = flag
        self.shell = ShellState()
        self.last_output: float | None = None
        self.verdict: Verdict | None = None
        self._last_told: float | None = None
        self._stirred: float | None = None
        self._since: float | None = None
        self._doubted: Verdict | None = None
        self._moved: float | None = None
        self._due: float | None = None
        self._afresh = False
        self.lines = 0
        self._typed: tuple[int, float] | None = None
        self._fed = self._judged = 0
        self._broken = -1
        self._place = 0, (0, 0)

    def feed(
        self, data: bytes, end: int, at: float
    ) -> list[ActivitySeen | VerdictSeen]:
        """`data` ends at offset `end` and was seen `at` (monotonic seconds)."""
        if not data:
            return []
        self.last_output = at
        self._fed = end
        if (newline := data.rfind(b"\n")) >= 0:
            self._broken = end - len(data) + newline
        self.stir(at)
        if self._last_told is not None and at - self._last_told < ACTIVITY_EVERY_S:
            return []
        self._last_told = at
        return [ActivitySeen(end)]

    def stir(self, at: float) -> None:
        """Something was put out, typed or changed: a look is due soon."""
        self._stirred = at
        self._since = at if self._since is None else self._since
        if self._due is None or self._due > at + PAUSE_S:
            self._due = at + PAUSE_S

    def begin_afresh(self, at: float) -> None:
        """What is judged next is news: a prompt that went may be asked again so soon,
        and so exactly, that no look fell in between."""
        self._afresh = True
        self.stir(at)

    def submit(self, end: int, at: float) -> None:
        """A line was typed by hand, after the output up to offset `end`: what is asked
        next is another prompt, though it looks the same. `lines` counts these."""
        self.lines += 1
        self._typed = end, at
        self.stir(at)

    def is_again(self, snapshot: ScreenSnapshot, verdict: Verdict) -> bool:
        """Whether that shows what was asked before, but asked anew (rule 5)."""
        before = self.verdict.prompt if self.verdict else None
        asked = verdict.prompt
        if asked is None or before is None or asked.fingerprint != before.fingerprint:
            return False
        if self._typed is not None:
            return True
        if asked.form not in _LINES:
            return False
        if snapshot.takes_lines:  # Who is given whole lines does not draw one again.
            return self._broken >= self._judged
        (row, size), (row_now, size_now) = self._place, _place_of(snapshot, asked)
        return size == size_now and row_now > row

    def _is_early(self, end: int, at: float) -> bool:
        """Whether the program may not have taken the line yet that was typed."""
        return self._typed is not None and (
            end <= self._typed[0] and at < self._typed[1] + FLIP_S
        )

    @property
    def next_look(self) -> float | None:
        """When a look was due when last asked."""
        return self._due

    def due(self, at: float) -> float | None:
        """When to look next; None until something stirs."""
        if self._due is not None and self._stirred is not None:
            paused = self._stirred + PAUSE_S
            since = self._stirred if self._since is None else self._since
            patience = since + AT_LEAST_S
            if self._due < paused and at < patience:
                self._due = min(paused, patience)
        return self._due

    def judge(
        self, snapshot: ScreenSnapshot, at: float
    ) -> list[ActivitySeen | VerdictSeen]:
        """Take a look that was made `at`; what is new of it."""
        self._since = None
        quiet = at - (self._stirred if self._stirred is not None else at)
        stirred = at - quiet
        later = (stirred + pause for pause in LATER_S if stirred + pause > at)
        self._due = next(later, None)
        verdict = classify(snapshot, self.flag)
        if quiet < PAUSE_S and verdict.is_news(self._doubted):
            self._doubted = verdict
            self._due = at + PAUSE_S
            return []
        self._doubted = verdict
        if self._flips(verdict, snapshot.quiet_s, at) and not self._afresh:
            return []
        again = self.is_again(snapshot, verdict)
        if again and self._is_early(verdict.end, at):
            return []
        self._typed, self._judged = None, min(snapshot.end, self._fed)
        if verdict.prompt is not None:
            self._place = _place_of(snapshot, verdict.prompt)
        verdict = attrs.evolve(verdict, again=again)
        is_news = again or self._afresh or verdict.is_news(self.verdict)
        self.verdict, self._afresh = verdict, False
        if not is_news:
            return []
        size = snapshot.cols, len(snapshot.lines)
        return [VerdictSeen(verdict, snapshot.tty, *size, snapshot.quiet_s, self.flag)]

    def _flips(self, verdict: Verdict, quiet_s: float, at: float) -> bool:
        """Whether an agent would be told to work or to rest, and may not for long."""
        if verdict.kind is not Kind.BUSY or not verdict.is_of_agent:
            worked = self.verdict is not None and self.verdict.kind is Kind.BUSY
            if quiet_s >= FLIP_S or not verdict.is_of_agent:
                self._moved = None
                return False
            return worked and verdict.kind in _RESTS
        if not verdict.is_by_output:
            self._moved = None
            return False
        self._moved = at if self._moved is None else self._moved
        rested = self.verdict is not None and self.verdict.kind in _RESTS
        return rested and at - self._moved < FLIP_S


def _place_of(snapshot: ScreenSnapshot, asked: Prompt) -> tuple[int, tuple[int, int]]:
    """The row on which a prompt begins, and the size of the screen."""
    first = asked.rows[0]
    row = snapshot.typed_row if first == snapshot.cursor.row else first
    return row, (snapshot.cols, len(snapshot.lines))
