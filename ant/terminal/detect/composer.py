"""Find an agent's composer, and the row that shows that the agent is busy.

The composer is the row in which the operator writes to the agent.

Rule 1: a composer is near the end of the screen. A row further up that looks like one
is part of the transcript.
Rule 2: a `status` row below the composer is current. A spinner above the composer is
current only if the rows between the two belong to it. Otherwise an ended turn has left
it behind, and it does not count.
"""

import functools
import re
from collections.abc import Iterable, Sequence

import attrs

from ant.terminal.agents.driver import Driver, Rule
from ant.terminal.layout.fields import COMMANDS, HOOKS, Field, find_field, text_in
from ant.terminal.layout.hints import is_footer, is_leaving_hint, is_status
from ant.terminal.model.prompt import PromptClass
from ant.terminal.screen.snapshot import ScreenSnapshot, is_border

BELOW = 8
"""The most rows with text below a composer: hints and a status. Below more of them, the
row is no composer."""

NEAR = 40
"""Rows above a composer in which ANT looks for a spinner. An agent's list of tasks may
stand between the spinner and the composer."""

STILL_S = 2.0
"""Seconds without output after which a spinner above unknown text has stopped: even the
slowest spinners are redrawn every second."""

STALE_S = 15.0
"""Seconds without output after which a hint to interrupt, alone below an empty
composer, is part of a status that always says so. Whatever works moves something at
least once a second; the rest is a margin."""

_MOVES = re.compile(r"[^\w\s!-/:-@\[-`{-~·•│…←→↑↓⏎↵⌃]")
"""A sign that may be part of something that turns or fills."""

SPINNER = Rule(
    "spinner",
    re.compile(r"^\s{0,4}(?:[⠁-⣿] (?!Waiting for user\b)[^\W\d_]|[🌑-🌘]\s*$)"),
)
"""A spinner of braille dots before a word, or of the moon's phases alone."""

_HINT = "esc to interrupt"

_TURNS = "✢✳✶✻✽✴✷✺∗◐◓◑◒◴◷◶◵◜◝◞◟▖▘▝▗"
"""Signs that turn, besides braille and besides `·` and `*`, which also begin lists."""

_KEY = r"(?:esc(?:ape)?|ctrl ?[+-] ?c|⌃c|\^c)"
_STOPS = r"(?:interrupt|stop|abort|pause)\b"
_HINTS = rf"{_KEY} (?:to )?(?:{_STOPS}|cancel\b)"
_WORKS = (
    r"(?:Working|Thinking|Generating|Processing|Reasoning|Responding|Running|Waiting|"
    r"Executing|Analyzing|Planning|Streaming|Compacting|Pondering|Writing|Reading)\b"
)

_BUSY = (
    Rule(
        "turning",
        re.compile(
            rf"^(?:\s{{0,6}}[{_TURNS}]|\s?[·*]) ?\S[^…]{{0,100}}"
            r"(?:…|\.\.\.)(?:\s*[(\[].*|\s*)$"
        ),
    ),
    Rule(
        "timed",
        re.compile(
            rf"^\s{{0,6}}(?:[{_TURNS}⠁-⣿]|\S{{1,2}}(?=.*\b{_KEY}\b)) ?\S.{{0,100}}"
            rf"\((?:[^()]{{0,40}}\b)?(?:\d+[hms]\b|{_HINTS})"
            r"[^()]*(?:\)|$)(?!\.)",
            re.IGNORECASE,
        ),
    ),
    Rule(
        "stoppable",
        re.compile(
            rf"(?:…|\.\.\.|\b\d+s\b).{{0,40}}\b{_KEY}\b.{{0,8}}(?:{_STOPS}|cancel\b)",
            re.IGNORECASE,
        ),
    ),
    Rule(
        "working",
        re.compile(rf"^\s{{0,6}}(?:\S{{1,2}} )?{_WORKS}[^.…]{{0,40}}(?:…|\.\.\.)"),
    ),
)
"""Rows above a composer by which a person sees that any agent works."""

THINKING = Rule(
    "thinking", re.compile(rf"^\s{{0,4}}[^\W\d_]{{2,20}}: {_WORKS}(?:…|\.\.\.)\s*$")
)
"""A speaker's name before a working word: the last row while a model thinks that talks
in a terminal that takes lines."""

INTERRUPT = Rule(
    "interrupt",
    re.compile(rf"\b{_KEY}\b(?: (?:esc|again|to))*:? {_STOPS}", re.IGNORECASE),
)
"""A hint that a key interrupts the agent."""

_STATUS = (
    INTERRUPT,
    Rule("works", re.compile(rf"^\W{{1,6}}{_WORKS}(?! (?!esc\b)\w)")),
)
"""Rows below a composer by which a person sees that any agent works."""

_ENDED = (
    Rule(
        "stopped",
        re.compile(
            r"^\W{0,6}(?:\w+ ){0,3}(?:interrupted|cancell?ed|aborted)\b", re.IGNORECASE
        ),
    ),
)

_READY = (
    Rule(
        "hint",
        re.compile(
            r"\bshift ?\+ ?tab\b|\bctrl ?[+-] ?\w\b|\? for |\bfor (?:shortcuts|help)\b",
            re.IGNORECASE,
        ),
    ),
    Rule("folder", re.compile(r"^\s*(?:~|/[\w.-]+)(?:/\S*)?(?:\s+[(\[].*)?$")),
    Rule("aside", re.compile(r"^\s{30,}\S")),
    Rule("greeting", re.compile(r"\bhelp (?:with|you)\b.*\?$", re.IGNORECASE)),
    Rule("model", re.compile(r"^\W{1,8}\w[\w .-]{0,30}(?: · [\w. -]{1,40})+$")),
    Rule(
        "turn",
        re.compile(
            r"^\W{0,6}\w+ for (?:\w+ ){0,3}<?\d+(?:\.\d+)?[hms]\b|^\s*Tokens: "
            r"|^\s*~?\d[\d.,]*k? tokens\W*$"
        ),
    ),
)
"""Rows that may stand between the last reply and the composer of any agent."""

_TAKEN = (
    Rule(
        "submits",
        re.compile(
            r"^\s*(?:[❯❭›>→▸▶]\s*)?"
            r"(?:submit|next|done|continue|confirm|finish|apply|save|ok)\W*$",
            re.IGNORECASE,
        ),
    ),
)
"""A row below numbered boxes by which they are submitted."""

SHELL_MODE = Rule(
    "shell",
    re.compile(r"(?<!for )(?<!to )\b(?:shell|bash) mode\b", re.IGNORECASE),
    PromptClass.FREE_TEXT,
)
"""A row below a composer whose text a shell runs."""

COMPOSER = Rule("composer", re.compile(""))
"""The rule of a composer that only its form shows."""

_KEYS = re.compile(
    r"\besc(?:ape)?\b(?! (?:again|twice|to (?:clear|edit|undo|interrupt|stop)\b))"
    r"|\b(?:enter|return)\b\W*(?:to )?(?:confirm|select|continue|choose|accept|save)\b"
    r"|-- ?NORMAL\b|\[NORMAL\]",
    re.IGNORECASE,
)
"""Keys of a dialog, or of an editor's mode in which keys are commands."""

_MARKED = re.compile(r"\s{0,4}[❯›▸→❭] +\S")
"""A marked row of a list that the field filters."""

_COUNT = re.compile(r"\s*\d+/\d+\b")
"""The count of a list that the field filters."""

GENERAL = Driver(
    name="general",
    busy=_BUSY,
    status=(*_STATUS, *_BUSY, SPINNER),
    ended=_ENDED,
    reply=(Rule("reply", re.compile(r"^\s{0,2}[●⏺✦]\s")),),
    ready=_READY,
    taken=_TAKEN,
    rest_ms=1000,
)
"""How any agent looks: the rules for one without a driver. A driver adds its words."""


@functools.lru_cache(64)
def with_general(driver: Driver | None) -> Driver:
    """Return a driver that also knows by which rows any agent is busy."""
    if driver is None:
        return GENERAL
    return attrs.evolve(
        driver,
        busy=(*driver.busy, *GENERAL.busy),
        status=(*driver.status, *GENERAL.status),
        ended=(*driver.ended, *GENERAL.ended),
        ready=(*driver.ready, *GENERAL.ready),
    )


def composer_of(snapshot: ScreenSnapshot, driver: Driver) -> tuple[int, Rule] | None:
    """Return the composer's row and the rule that matched it, or None (rule 1)."""
    rows = composer_rows(snapshot, driver)
    if (found := first_row(snapshot, rows, driver.composer)) is None:
        return None
    row, _ = found
    if sum(not snapshot.is_blank(r) for r in range(row + 1, snapshot.last + 1)) > BELOW:
        return None  # A row of the transcript that looks like a composer.
    lines = snapshot.lines
    borders = (r for r in range(row + 1, snapshot.last + 1) if is_border(lines[r]))
    end = next(borders, row) if driver.boxed else row  # A draft may have several rows.
    below = [r for r in range(end + 1, snapshot.last + 1) if _indent(snapshot, r) <= 2]
    if first_row(snapshot, below, driver.reply) is not None:
        return None  # A sent message, with the reply below it.
    if driver.boxed and not (row and is_border(snapshot.lines[row - 1])):
        return None
    return found


def composer_rows(snapshot: ScreenSnapshot, driver: Driver) -> range:
    """Return the rows that may be the composer's, from the lowest one up.

    The line of an `inline` composer may be wrapped up to the cursor's row.
    """
    if driver.inline:
        return range(snapshot.cursor.row, snapshot.typed_row - 1, -1)
    return range(snapshot.last, -1, -1)


def find_composer(snapshot: ScreenSnapshot) -> Field | None:
    """Return the text field that is the composer of an agent, or None."""
    field = find_field(snapshot)
    return field if field is not None and is_composer(snapshot, field) else None


def is_composer(snapshot: ScreenSnapshot, field: Field) -> bool:
    """Whether a text field is the composer of an agent.

    It has a frame, or rows below it. These are only hints and a status, without the
    keys of a dialog. A field that filters a list is none.
    """
    below = [
        snapshot.bare[row]
        for row in range(field.last + 1, snapshot.last + 1)
        if not snapshot.is_blank(row) and snapshot.bare[row].strip()
    ]
    if field.top == field.first and not below and field.sign not in HOOKS:
        return False  # The prompt of an interpreter looks the same.
    rows = (field.first - 1, field.last + 1)
    if any(0 <= r <= snapshot.last and _COUNT.match(snapshot.bare[r]) for r in rows):
        return False
    if is_command(snapshot, field):
        return True
    if len(below) > BELOW or any(map(_KEYS.search, below)):
        return False
    above = field.top if field.top < field.first else field.first
    row = snapshot.text_row_above(above)
    if row >= 0 and above - row <= 3 and is_leaving_hint(snapshot.bare[row]):
        return False
    return not any(map(_MARKED.match, below))


def is_command(snapshot: ScreenSnapshot, field: Field) -> bool:
    """Whether the field has the beginning of a command, which a list may complete."""
    return text_in(snapshot, field)[:1] in COMMANDS


def is_at_end(snapshot: ScreenSnapshot, row: int) -> bool:
    """Whether at most two rows with text follow."""
    rows = range(row + 1, snapshot.last + 1)
    return sum(not snapshot.is_blank(each) for each in rows) <= 2


def first_row(
    snapshot: ScreenSnapshot, rows: Iterable[int], rules: Sequence[Rule]
) -> tuple[int, Rule] | None:
    """Return the first of these rows that any rule matches, and that rule, or None."""
    for row in rows:
        for rule in rules:
            if rule.pattern.search(snapshot.bare[row]):
                return row, rule
    return None


def find_busy(
    snapshot: ScreenSnapshot, driver: Driver, composer: int | None
) -> tuple[int, str] | None:
    """Return the row that shows that the agent is busy and its rule's id, or None.

    `composer` is the composer's row, None if there is none. Rows below the composer
    come first: they match `status`, or end in the cut-off hint to interrupt. Then comes
    the spinner above (see `_spinner`). A hint that is always there does not count (see
    `_is_stale`).
    """
    top = snapshot.last + 1 if composer is None else composer
    for row in (
        range(snapshot.last, top, -1) if composer is None else _status(snapshot, top)
    ):
        if (found := first_row(snapshot, [row], driver.status)) is not None:
            if found[1] is INTERRUPT and _is_stale(snapshot, driver, row, composer):
                continue
            return row, found[1].id
        if driver.status and _is_cut(snapshot, row):
            return row, driver.status[0].id
    return _spinner(snapshot, driver, top, composer is not None)


def find_spinner(snapshot: ScreenSnapshot, row: int) -> int | None:
    """Return the nearest row with text above `row` if it is a spinner, else None."""
    row = snapshot.text_row_above(row)
    has_spinner = row >= 0 and SPINNER.pattern.search(snapshot.bare[row])
    return row if has_spinner else None


def find_thinking(snapshot: ScreenSnapshot) -> int | None:
    """Return the last row if it is `THINKING` and nobody reads a line, else None."""
    row, tty = snapshot.last, snapshot.tty
    if row < 0 or row != snapshot.cursor.row or (tty is not None and tty.reading):
        return None
    return row if THINKING.pattern.search(snapshot.bare[row]) else None


def _status(snapshot: ScreenSnapshot, composer: int) -> Iterable[int]:
    """Return the rows below the composer's text, from the lowest one up.

    The text may take several rows; it ends at the first blank row or border.
    """
    first = composer + 1
    while first <= snapshot.last and not snapshot.is_blank(first):
        first += 1
    return range(snapshot.last, first, -1)


def _spinner(
    snapshot: ScreenSnapshot, driver: Driver, top: int, has_composer: bool
) -> tuple[int, str] | None:
    """Return the row and rule id of the spinner nearest above row `top`, or None.

    A row of `ended` or `reply` below the spinner means that the turn is over. So does
    other text below it that is not indented further than the spinner, once the screen
    has been quiet for `STILL_S`. Rows of `ready` do not count as text. Without a
    composer, `status` rows are spinners too, and hints do not count as text.
    """
    ends = (*driver.ended, *driver.reply)
    indents: list[int] = []
    for row in range(top - 1, max(top - 1 - NEAR, -1), -1):
        if snapshot.is_blank(row):
            continue
        found = first_row(snapshot, [row], (*driver.busy, SPINNER))
        if found is None and first_row(snapshot, [row], ends) is not None:
            return None
        if found is None and not has_composer:
            found = first_row(snapshot, [row], driver.status)
        if found is not None:
            has_text = any(each <= _indent(snapshot, row) for each in indents)
            is_over = has_text and snapshot.quiet_s >= STILL_S
            return None if is_over else (row, found[1].id)
        neutral = first_row(snapshot, [row], driver.ready) is not None
        if not has_composer:
            neutral = neutral or is_footer(snapshot, row) or is_status(snapshot, row)
        if not neutral:
            indents.append(_indent(snapshot, row))
    return None


def _is_stale(
    snapshot: ScreenSnapshot, driver: Driver, row: int, composer: int | None
) -> bool:
    """Whether the general hint to interrupt in that row is one that is always there.

    Nothing has moved for `STALE_S`, the row says nothing else of work and has no sign
    that could move, and the composer above it is empty.
    """
    if composer is None or snapshot.quiet_s < STALE_S:
        return False
    others = [each for each in driver.status if each is not INTERRUPT]
    if _MOVES.search(snapshot.bare[row]) or first_row(snapshot, [row], others):
        return False
    field = find_field(snapshot)
    return field is not None and field.row == composer and not text_in(snapshot, field)


def _indent(snapshot: ScreenSnapshot, row: int) -> int:
    line = snapshot.bare[row]
    return len(line) - len(line.lstrip())


def _is_cut(snapshot: ScreenSnapshot, row: int) -> bool:
    """Whether a full row ends in the beginning of `esc to interrupt`, cut off there."""
    line = snapshot.bare[row].rstrip()
    is_full = len(line) >= snapshot.cols - 2 or line.endswith("…")
    tail = line.rstrip("….").lower()
    at = tail.rfind("esc")
    is_word = at == 0 or (at > 0 and not tail[at - 1].isalnum())
    return is_full and is_word and _HINT.startswith(tail[at:])
