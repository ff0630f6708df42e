"""Patterns of drivers that users own: RE2, bounded in size and in processor time.

Anybody may have written such a file, and its patterns run on the event loop at every
look at a terminal.

Rule 1: RE2 matches in time linear in the length of the text. A pattern that it does not
know, with a look-ahead for example, is refused.
Rule 2: a pattern is short, compiles to a small program, and reads at most `TEXT_MAX`
characters of a text. So one search takes some milliseconds at most.
Rule 3: slow searches of a file share an allowance of processor time. When it is used
up, ANT does not use the driver until its file is read again. The look that used it up
is finished, so no verdict is made with half of a driver.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final, Protocol

from ant.core import clock

log = logging.getLogger(__name__)

SOURCE_MAX: Final = 500
"""Characters of a pattern."""

PROGRAM_MAX: Final = 2000
"""Instructions of a compiled pattern, of RE2's `programsize`."""

TOTAL_MAX: Final = 4000
"""Instructions of all patterns of a file. Those of ANT have 130 to 2,400."""

TEXT_MAX: Final = 1000
"""Characters of a text that a pattern reads: more than a row of a usual screen."""

MEMORY: Final = 1 << 18
"""Bytes that RE2 may use for a pattern, its cache of states included."""

FREE_S: Final = 50e-6
"""Seconds of a search that are not counted. A usual one takes a tenth of that, and a
hundred terminals may use the same driver."""

SHARE: Final = 0.05
"""The share of processor time that slow searches of a file may take for long."""

BURST_S: Final = 0.5
"""Seconds of processor time that they may take at once."""


class Match(Protocol):
    """A match, as Python's `re` and RE2 give it."""

    def groupdict(self) -> dict[str, Any]:
        """Return the named groups."""
        ...

    def start(self) -> int:
        """Return the index of its first character."""
        ...

    def end(self) -> int:
        """Return the index behind its last character."""
        ...


class Pattern(Protocol):
    """A compiled pattern of either kind."""

    @property
    def pattern(self) -> str:
        """The source of the pattern."""
        ...

    @property
    def groupindex(self) -> Mapping[str, int]:
        """The numbers of the named groups."""
        ...

    def search(self, string: str, /) -> Match | None:
        """Return the first match in a text, or None."""
        ...

    def fullmatch(self, string: str, /) -> Match | None:
        """Return the match of the whole text, or None."""
        ...


class Allowance:
    """The processor time and the instructions that the patterns of a file may use.

    `name` is the driver's, for the log.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_used_up = False
        self.instructions = 0
        self.spent_s, self._since = 0.0, clock.monotonic()

    def spend(self, seconds: float) -> None:
        """Count processor time; log if it is more than the allowance."""
        self.spent_s += seconds
        if self.is_used_up or self.spent_s < BURST_S:
            return
        now = clock.monotonic()
        self.spent_s = max(0.0, self.spent_s - SHARE * (now - self._since))
        self._since = now
        if self.spent_s >= BURST_S:
            self.is_used_up = True
            log.warning(
                "The patterns of driver %s take too long, so ANT does not use it; "
                "mend its file and run `ant drivers reload`.",
                self.name,
            )


class BoundedPattern:
    """A pattern of RE2 that spends the allowance of its file."""

    def __init__(self, compiled: Any, allowance: Allowance) -> None:
        self.pattern: str = compiled.pattern
        self.groupindex: Mapping[str, int] = compiled.groupindex
        self._compiled, self._allowance = compiled, allowance

    def search(self, string: str, /) -> Match | None:
        """See `Pattern`."""
        return self._spend(self._compiled.search, string)

    def fullmatch(self, string: str, /) -> Match | None:
        """See `Pattern`."""
        return self._spend(self._compiled.fullmatch, string)

    def _spend(self, work: Any, string: str) -> Match | None:
        began = clock.cpu_time()
        found: Match | None = work(string[:TEXT_MAX])
        spent = clock.cpu_time() - began
        if spent > FREE_S:
            self._allowance.spend(spent - FREE_S)
        return found


def compile_bounded(source: str, allowance: Allowance) -> Pattern:
    """Return a bounded pattern. Raises `ValueError` with the reason."""
    try:
        import re2
    except ImportError as exc:
        raise ValueError("the package google-re2 is not installed") from exc
    if len(source) > SOURCE_MAX:
        raise ValueError(f"at most {SOURCE_MAX} characters, got {len(source)}")
    options = re2.Options()
    options.log_errors, options.max_mem = False, MEMORY
    try:
        compiled = re2.compile(source, options=options)
    except re2.error as exc:
        raise ValueError(_reason(exc)) from exc
    size = compiled.programsize
    if size > PROGRAM_MAX:
        raise ValueError(
            f"this one is too large ({size} instructions of RE2, {PROGRAM_MAX} are "
            "allowed); write * or + in place of a large repetition"
        )
    allowance.instructions += size
    if allowance.instructions > TOTAL_MAX:
        raise ValueError(
            f"the patterns up to this one are too large together (more than "
            f"{TOTAL_MAX} instructions of RE2)"
        )
    if compiled.search("") is not None:
        raise ValueError(f"{source!r} matches an empty row, and so every row")
    return BoundedPattern(compiled, allowance)


def _reason(exc: Exception) -> str:
    """Return RE2's message, which is bytes, with a hint for what only `re` knows."""
    message = exc.args[0] if exc.args else ""
    reason = message.decode("utf-8", "replace") if isinstance(message, bytes) else ""
    if "perl operator" in reason:
        return f"{reason} (RE2 has no look-ahead and no look-behind)"
    return reason or "RE2 cannot read it"
