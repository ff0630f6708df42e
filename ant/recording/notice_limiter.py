"""Limits the notifications of a terminal host before they become run events; pure.

Rule 1: a notification that repeats the last recorded one of its subject (a window, a
pane) within `REPEAT_S` waits until that time is over.
Rule 2: each kind has a token bucket: `BURST` are recorded at once, then one in
`REFILL_S` seconds.
Rule 3: while one waits, a newer one of the same subject replaces it. The number of
those replaced is recorded with it, so no notification is left uncounted.
Rule 4: the newest notification of a subject is always recorded, with the end of the run
at the latest.
"""

from collections.abc import Hashable
from operator import attrgetter

import attrs

from ant.core.token_bucket import TokenBucket
from ant.model.run_events import HostEvent

BURST = 10
"""Notifications of a kind that are recorded at once: a person who rearranges windows
causes a few within a second."""

REFILL_S = 30.0
"""Then one in this time, 120 an hour. The 5,000 minor run events that ANT keeps of a
session then cover 41 hours of a kind that never pauses."""

REPEAT_S = 5.0
"""Repeats within this time are one event, as for titles (`TITLE_EVERY_S`)."""

SUBJECTS = 16
"""Subjects of a kind that may wait. Beyond it the one that waited longest is only
counted, with the newest one. A person hardly has more windows in one session."""


@attrs.define(eq=False)
class _Held:
    """A notification that waits; `order` is its place among all of the run."""

    event: HostEvent
    passed_over: int
    ready_at: float
    order: int


class _OneKind:
    """The notifications of one kind in one run."""

    def __init__(self) -> None:
        self._bucket = TokenBucket(BURST, REFILL_S)
        self._held: dict[Hashable, _Held] = {}
        self._recorded: dict[Hashable, tuple[HostEvent, float]] = {}

    @property
    def due(self) -> float | None:
        if not self._held:
            return None
        first = min(held.ready_at for held in self._held.values())
        return max(first, self._bucket.next_at)

    def offer(self, event: HostEvent, at: float, order: int) -> None:
        subject = _subject(event)
        passed_over = 0
        if (held := self._held.get(subject)) is not None:
            passed_over = held.passed_over + 1
        elif len(self._held) >= SUBJECTS:
            oldest = self._held.pop(next(iter(self._held)))
            passed_over = oldest.passed_over + 1
        ready_at = at
        last, last_at = self._recorded.get(subject, (None, at))
        if last is not None and last.data == event.data:
            ready_at = max(at, last_at + REPEAT_S)
        # An assignment keeps the place of a subject that waits already.
        self._held[subject] = _Held(event, passed_over, ready_at, order)

    def take(self, at: float, is_over: bool) -> list[_Held]:
        taken = []
        for subject, held in list(self._held.items()):
            is_due = held.ready_at <= at and self._bucket.next_at <= at
            if not (is_due or is_over):
                continue
            self._bucket.take(at)
            del self._held[subject]
            self._recorded.pop(subject, None)
            self._recorded[subject] = held.event, at
            if len(self._recorded) > SUBJECTS:
                del self._recorded[next(iter(self._recorded))]
            taken.append(held)
        return taken


class NoticeLimiter:
    """The notifications of one run. Hosts have a fixed set of some ten kinds."""

    def __init__(self) -> None:
        self._kinds: dict[str, _OneKind] = {}
        self._count = 0

    @property
    def due(self) -> float | None:
        """When to call `take` next (monotonic seconds); None if nothing waits."""
        dues = [kind.due for kind in self._kinds.values()]
        return min((due for due in dues if due is not None), default=None)

    def offer(self, event: HostEvent, at: float) -> None:
        """Add a notification at `at`, in monotonic seconds; call `take` once it is due.

        Its data must not have the key `passed_over`.
        """
        self._count += 1
        self._kinds.setdefault(event.kind, _OneKind()).offer(event, at, self._count)

    def take(self, at: float, is_over: bool = False) -> list[tuple[HostEvent, int]]:
        """Return those that are due, all of them if the run is over, in their order.

        Each comes with the number of notifications that it replaced.
        """
        taken = [
            held for kind in self._kinds.values() for held in kind.take(at, is_over)
        ]
        taken.sort(key=attrgetter("order"))
        return [(held.event, held.passed_over) for held in taken]


def _subject(event: HostEvent) -> Hashable:
    """What a notification is about: the ids in its data, which are integers."""
    ids = ((key, each) for key, each in event.data.items() if key.endswith("_id"))
    return tuple(ids)
