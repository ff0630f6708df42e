"""Decide when to classify a terminal's screen, and when the verdict has changed.

The detector is sans-io: the caller passes the output, the snapshots and the time.

Rule 1: a snapshot is due when output pauses, and at intervals while it does not.
Rule 2: a verdict during output counts only when two snapshots in a row agree.
Rule 3: after the last output, more snapshots are due. A program may change its line
discipline without output, and some rules depend on the time without output.
Rule 4: a busy agent is at rest only after a second without output, or in which each
snapshot shows it at rest: some redraw their status for ever. An agent at rest is busy
when a rule of its driver matches, or after a second of output. So a screen that is
redrawn twice a second does not make the state flip.
Rule 5: a prompt that looks the same is a new one if the operator has typed a line, or
if the program has left the prompt's line and shows the prompt on a new one.
Rule 6: a menu that leaves the screen of a busy program counts as gone after a second:
programs erase one and draw it again. If anything was typed since the menu was seen, it
counts as gone at once.
"""

import attrs

from ant.terminal.detect.classify import classify
from ant.terminal.detect.composer import STALE_S
from ant.terminal.detect.verdict import ActivitySeen, VerdictSeen
from ant.terminal.model.prompt import Form, Kind, Prompt, Verdict
from ant.terminal.screen.last_change import TURN_S
from ant.terminal.screen.snapshot import ScreenSnapshot
from ant.terminal.shell.shell_state import ShellState

ACTIVITY_EVERY_S = 10.0
"""Seconds between two `ActivitySeen`: clients of the original server expect no more."""

PAUSE_S = 0.06
"""Seconds without output after which the screen is complete: agents redraw in bursts of
milliseconds."""

AT_LEAST_S = 0.25
"""Seconds between two snapshots while output does not pause."""

FLIP_S = 1.0
"""The least seconds between an agent's changes from busy to rest and back.

Agents redraw their clocks and counters once a second or more often.
"""

RETURN_S = 1.0
"""The seconds in which a program draws a menu again that it has erased. Kimi CLI and
Grok CLI take up to half a second for that on a loaded machine."""

_RESTS = frozenset([Kind.AT_REST, Kind.QUESTION])
_LINES = frozenset([Form.LINE, Form.WORDS, Form.SECRET])

LATER_S = (0.3, 1.05, 3.0, TURN_S + 0.05, STALE_S + 0.05)
"""Seconds without output at which another snapshot is due: after a change of the line
discipline, when output no longer counts as work, once more, when a row that turned no
longer does, and when a hint that is always there no longer does."""


class PromptDetector:
    """The prompt detector of one terminal.

    The caller feeds it each output byte once, in order and in chunks of any size. When
    a snapshot is `due`, the caller takes one and passes it to `judge`.

    `flag` is the session's `cli_flag`. `shell` is the state that the session's shell
    has reported. `last_output` is the time of the last output (monotonic seconds).
    `verdict` is the last verdict. `lines` counts the lines that the operator has typed.
    """

    def __init__(self, flag: str | None = None) -> None:
        self.flag = flag
        self.shell = ShellState()
        self.last_output: float | None = None
        self.verdict: Verdict | None = None
        self._last_activity: float | None = None
        self._last_change: float | None = None
        self._first_change: float | None = None
        """The first change since the last snapshot."""
        self._candidate: Verdict | None = None
        """The verdict of the last snapshot, whether or not it counted (rule 2)."""
        self._output_since: float | None = None
        """The first of the verdicts in a row that were busy by output (rule 4)."""
        self._rest_since: float | None = None
        """The first of the verdicts in a row that were at rest (rule 4)."""
        self._due: float | None = None
        self._must_report = False
        self._is_touched = False
        """Whether anything was typed since the prompt of the verdict was seen."""
        self._gone_since: float | None = None
        """The first snapshot without the menu of the verdict (rule 6)."""
        self.lines = 0
        self._typed: tuple[int, float] | None = None
        """The output offset and the time of a typed line, until the next verdict."""
        self._fed = self._judged = 0
        self._last_newline = -1
        self._place = 0, (0, 0)
        self._asked_at = 0.0
        """When the prompt of the last verdict was first seen."""

    def feed(
        self, data: bytes, end: int, at: float
    ) -> list[ActivitySeen | VerdictSeen]:
        """Take output that ends at offset `end`, read `at` (monotonic seconds).

        Returns an `ActivitySeen` if the last one is long enough ago.
        """
        if not data:
            return []
        self.last_output = at
        self._fed = end
        if (newline := data.rfind(b"\n")) >= 0:
            self._last_newline = end - len(data) + newline
        self.request_snapshot(at)
        last = self._last_activity
        if last is not None and at - last < ACTIVITY_EVERY_S:
            return []
        self._last_activity = at
        return [ActivitySeen(end)]

    def request_snapshot(self, at: float) -> None:
        """Make a snapshot due soon, after output, input or any other change."""
        self._last_change = at
        self._first_change = at if self._first_change is None else self._first_change
        if self._due is None or self._due > at + PAUSE_S:
            self._due = at + PAUSE_S

    def expect_new_prompt(self, at: float) -> None:
        """Report the next verdict even if it equals the last one.

        The caller knows that the prompt has gone. The program may show the same prompt
        again so soon that no snapshot falls in between.
        """
        self._must_report = True
        self.request_snapshot(at)

    def typed(self, data: bytes, end: int, at: float) -> None:
        """Record input after the output up to offset `end`, perhaps a line."""
        self._is_touched = True  # A menu that goes now is gone (rule 6).
        if b"\r" in data or b"\n" in data:
            self.submit(end, at)

    def submit(self, end: int, at: float) -> None:
        """Record that the operator typed a line after the output up to offset `end`.

        The next prompt is a new one, even if it looks the same (rule 5).
        """
        self.lines += 1
        self._typed = end, at
        self.request_snapshot(at)

    def is_repeated_prompt(self, snapshot: ScreenSnapshot, verdict: Verdict) -> bool:
        """Whether the prompt looks like the last one but is a new one (rule 5)."""
        before = self.verdict.prompt if self.verdict else None
        prompt = verdict.prompt
        if prompt is None or before is None or prompt.fingerprint != before.fingerprint:
            return False
        if self._typed is not None:
            return True
        if prompt.form not in _LINES:
            return False
        if snapshot.takes_lines:  # Such a program does not redraw its line.
            return self._last_newline >= self._judged
        (row, size), (row_now, size_now) = self._place, _place_of(snapshot, prompt)
        return size == size_now and row_now > row

    def asked_since(self, fingerprint: str) -> float | None:
        """Return when the detector first saw this prompt, in monotonic seconds.

        None if the last verdict does not have it, or if it may be a new one by now.
        """
        if self.verdict is None or self.verdict.prompt is None or self._must_report:
            return None
        is_same = self.verdict.prompt.fingerprint == fingerprint
        return self._asked_at if is_same else None

    def _is_early(self, end: int, at: float) -> bool:
        """Whether the program may not have read the typed line yet."""
        return self._typed is not None and (
            end <= self._typed[0] and at < self._typed[1] + FLIP_S
        )

    @property
    def next_due(self) -> float | None:
        """The time that `due` returned last, without computing it again."""
        return self._due

    def due(self, at: float) -> float | None:
        """Return when the next snapshot is due (monotonic seconds), or None."""
        if self._due is not None and self._last_change is not None:
            paused = self._last_change + PAUSE_S
            first_change = (
                self._last_change if self._first_change is None else self._first_change
            )
            patience = first_change + AT_LEAST_S
            if self._due < paused and at < patience:
                self._due = min(paused, patience)
        return self._due

    def judge(
        self, snapshot: ScreenSnapshot, at: float
    ) -> list[ActivitySeen | VerdictSeen]:
        """Take a snapshot made `at` (monotonic seconds) and return what has changed.

        Returns a `VerdictSeen` for a new verdict, else nothing.
        """
        self._first_change = None
        quiet = at - (self._last_change if self._last_change is not None else at)
        last_change = at - quiet
        later = (last_change + pause for pause in LATER_S if last_change + pause > at)
        self._due = next(later, None)
        verdict = classify(snapshot, self.flag)
        if verdict.kind not in _RESTS:
            self._rest_since = None
        elif self._rest_since is None:
            self._rest_since = at
        if quiet < PAUSE_S and verdict.differs_from(self._candidate):
            self._candidate = verdict
            self._due = at + PAUSE_S
            return []
        self._candidate = verdict
        if self._flips(verdict, snapshot.quiet_s, at) and not self._must_report:
            return []
        if self._may_return(verdict, at):
            return []
        again = self.is_repeated_prompt(snapshot, verdict)
        if again and self._is_early(verdict.end, at):
            return []
        self._typed, self._judged = None, min(snapshot.end, self._fed)
        if verdict.prompt is not None:
            self._place = _place_of(snapshot, verdict.prompt)
        verdict = attrs.evolve(verdict, again=again)
        asked = verdict.prompt
        if again or asked is None or self.asked_since(asked.fingerprint) is None:
            self._asked_at = at
        changed = again or self._must_report or verdict.differs_from(self.verdict)
        self._is_touched = self._is_touched and not changed
        self.verdict, self._must_report = verdict, False
        if not changed:
            return []
        size = snapshot.cols, len(snapshot.lines)
        return [VerdictSeen(verdict, snapshot.tty, *size, snapshot.quiet_s, self.flag)]

    def _may_return(self, verdict: Verdict, at: float) -> bool:
        """Whether a menu that has gone may be drawn again soon (rule 6)."""
        is_over = verdict.prompt is not None or verdict.kind in _RESTS
        before = self.verdict.prompt if self.verdict else None
        is_drawn = before is not None and before.form not in _LINES
        if is_over or not is_drawn or self._is_touched or self._must_report:
            self._gone_since = None
            return False
        if self._gone_since is None:
            self._gone_since = at
        until = self._gone_since + RETURN_S
        self._due = until if self._due is None else min(self._due, until)
        return at < until

    def _flips(self, verdict: Verdict, quiet_s: float, at: float) -> bool:
        """Whether a change between busy and at rest is too early to count (rule 4)."""
        if verdict.kind is not Kind.BUSY or not verdict.is_of_agent:
            worked = self.verdict is not None and self.verdict.kind is Kind.BUSY
            has_rested = self._rest_since is not None and (
                at - self._rest_since >= FLIP_S
            )
            if quiet_s >= FLIP_S or has_rested or not verdict.is_of_agent:
                self._output_since = None
                return False
            return worked and verdict.kind in _RESTS
        if not verdict.is_by_output:
            self._output_since = None
            return False
        if self._output_since is None:
            self._output_since = at
        rested = self.verdict is not None and self.verdict.kind in _RESTS
        return rested and at - self._output_since < FLIP_S


def _place_of(snapshot: ScreenSnapshot, prompt: Prompt) -> tuple[int, tuple[int, int]]:
    """Return the row on which a prompt begins, and the size of the screen."""
    first = prompt.rows[0]
    row = snapshot.typed_row if first == snapshot.cursor.row else first
    return row, (snapshot.cols, len(snapshot.lines))
