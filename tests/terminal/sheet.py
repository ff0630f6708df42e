"""The sheet of docs/agents.md: what ANT sees of each agent, by its recordings.

`python -m tests.terminal.sheet` rewrites the part of the page between the two markers.
The recordings kept aside are in `held/`: no rule and no driver was fitted to them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

from ant.terminal.agents.driver import drivers
from ant.terminal.input.addressee import MessageTarget, message_target
from ant.terminal.model.prompt import Kind
from tests.terminal.measure import UNKNOWN, Counts, Judged, agents_in, judge
from tests.terminal.recorded import FOLDER, Recording
from tests.terminal.unlike import heard, said

PAGE = Path(__file__).parents[2] / "docs" / "agents.md"
HELD = FOLDER.parent / "held"
BEGIN, END = "<!-- begin sheet -->\n", "<!-- end sheet -->\n"

STATES = {
    "dialog": "a dialog",
    "question": "a question",
    "at_rest": "at rest",
    "busy": "busy",
    "quiet_unknown": "unknown",
}
"""The states, as the page calls them."""

_VERSION = re.compile(r"\d+\.\d+[\w.+-]*")


@attrs.frozen(order=True)
class Key:
    """A row of the sheet: an agent, its version, and where its recordings are."""

    agent: str
    version: str
    is_held: bool

    @property
    def place(self) -> str:
        """The version, and whether its recordings are kept aside."""
        return f"{self.version} (kept aside)" if self.is_held else self.version


@attrs.define
class Seen:
    """What ANT makes of the recordings of one version, with or without a driver.

    `typed` counts the moments at rest at which ANT types a message.
    """

    counts: Counts = attrs.field(factory=Counts)
    typed: int = 0
    judged: list[Judged] = attrs.field(factory=list)


def see(folder: Path, has_driver: bool, is_held: bool) -> dict[Key, Seen]:
    """Judge all recordings in a folder; none if it does not exist."""
    found: dict[Key, Seen] = defaultdict(Seen)
    for recording in agents_in(folder, has_driver) if folder.is_dir() else ():
        seen = found[_key(recording, is_held)]
        for judged in judge(recording, has_driver):
            seen.counts.add(judged)
            seen.typed += _takes_message(judged, recording, has_driver)
            seen.judged.append(judged)
    return found


def _key(recording: Recording, is_held: bool) -> Key:
    found = _VERSION.search(recording.version)
    version = found[0].rstrip(".") if found else recording.version or "unknown"
    folder = recording.name.split("/")[0]
    agent = recording.driver or folder.removesuffix(f"-{version}")
    return Key(agent, version, is_held)


def _takes_message(judged: Judged, recording: Recording, has_driver: bool) -> bool:
    """Whether a message would be typed at a moment at which the agent is at rest.

    Without a driver the session accepts messages at any composer.
    """
    tty = judged.snapshot.tty
    if judged.expected != Kind.AT_REST or tty is None:
        return False
    driver = drivers().get(recording.driver or "") if has_driver else None
    name = driver.programs[0] if driver is not None else UNKNOWN
    tty = attrs.evolve(tty, foreground=name, interprets=False)
    target = message_target(tty, judged.verdict, accepts=driver is None)
    return target is MessageTarget.COMPOSER


HEAD = (
    "| agent | version | dialogs | options right | approve | deny | at rest | message "
    "typed | busy | questions | false dialogs | rest while busy or asking |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
)


def _row(key: Key, seen: Seen) -> str:
    each = seen.counts
    cells = (
        key.agent,
        key.version,
        f"{each.dialogs_seen} of {each.dialogs}",
        f"{each.options} of {each.dialogs}",
        each.approve,
        each.deny,
        f"{each.at_rest_seen} of {each.at_rest}",
        f"{seen.typed} of {each.at_rest}",
        f"{each.busy_seen} of {each.busy}",
        f"{each.questions_seen} of {each.questions}",
        each.false_dialogs,
        each.false_rest,
    )
    return f"| {' | '.join(map(str, cells))} |\n"


def _sum(found: Iterable[Seen]) -> Seen:
    rows = list(found)
    counts = sum((each.counts for each in rows), Counts())
    return Seen(counts, sum(each.typed for each in rows))


def _table(found: dict[Key, Seen]) -> Iterator[str]:
    yield HEAD
    for key in sorted(found):
        yield _row(key, found[key])
    yield _row(Key("all", "", False), _sum(found.values()))
    yield "\n"


def _is_missed(judged: Judged) -> bool:
    is_dialog = judged.expected == Kind.DIALOG
    return not (judged.has_right_options if is_dialog else judged.is_seen)


def _misses(found: dict[Key, Seen]) -> Iterator[str]:
    """Yield a row for each moment that ANT does not see as the person does."""
    yield "| agent | version | moment | a person sees | ANT says |\n"
    yield "|---|---|---|---|---|\n"
    for key in sorted(found):
        for judged in filter(_is_missed, found[key].judged):
            ant, person = STATES[judged.verdict.kind], STATES[judged.expected]
            if judged.is_seen:
                ant, person = _options(judged)
            name = f"`{judged.name}`"
            yield f"| {key.agent} | {key.place} | {name} | {person} | {ant} |\n"
    yield "\n"


def _options(judged: Judged) -> tuple[str, str]:
    """Return how the options of a dialog differ, by ANT and by the person."""
    found, wanted = heard(judged.verdict), said(judged.moment)
    if len(found.options) != len(wanted.options):
        return _count(len(found.options)), _count(len(wanted.options))
    if found.options != wanted.options:
        return "other labels", "the labels of its options"
    return f"marked: {_number(found.selected)}", f"marked: {_number(wanted.selected)}"


def _count(options: int) -> str:
    return f"a dialog with {options or 'no'} option{'s' * (options != 1)}"


def _number(selected: int | None) -> str:
    return "none" if selected is None else f"option {selected + 1}"


def _kinds(found: dict[Key, Seen]) -> Iterator[str]:
    """Yield how often ANT without a driver sees another state, by agent."""
    yield "| agent | version | a person sees | ANT says | moments |\n"
    yield "|---|---|---|---|---|\n"
    for key in sorted(found):
        missed = Counter(
            (STATES[each.expected], STATES[each.verdict.kind])
            for each in found[key].judged
            if not each.is_seen
        )
        for (person, ant), count in sorted(missed.items()):
            yield f"| {key.agent} | {key.place} | {person} | {ant} | {count} |\n"
    yield "\n"


def sheet(folder: Path = FOLDER, held: Path = HELD) -> str:
    """Return the part of the page that is made of the recordings."""
    return "".join(_parts(folder, held))


def _parts(folder: Path, held: Path) -> Iterator[str]:
    known = [see(folder, has_driver, False) for has_driver in (True, False)]
    aside = [see(held, has_driver, True) for has_driver in (True, False)]
    names = ("With its driver", "Without a driver")
    for name, found in zip(names, known, strict=True):
        yield f"### {name}\n\n"
        yield from _table(found)
    if any(aside):
        yield "### Kept aside\n\n"
        yield "No rule and no driver was fitted to these recordings.\n\n"
        for name, found in zip(names, aside, strict=True):
            yield f"{name}:\n\n"
            yield from _table(found)
    yield "### Misses with a driver\n\n"
    yield from _misses(known[0] | aside[0])
    yield "### Misses without a driver\n\n"
    yield from _kinds(known[1] | aside[1])


def page(text: str, made: str) -> str:
    """Return the page with what was made between its markers."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{made.rstrip()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(), sheet()))
