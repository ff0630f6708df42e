"""Measure the detector on a folder of recordings, with and without a driver.

`measure` judges each moment twice: by the driver that the recording names, and by the
general rules alone. `python -m tests.terminal.measure [FOLDER …]` prints the counts.
"""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

from ant.core.errors import NotAnOption
from ant.terminal.detect.classify import classify
from ant.terminal.input.keys import goal_of
from ant.terminal.model.choice import Answer, Choice
from ant.terminal.model.prompt import Form, Kind, Prompt, Verdict
from ant.terminal.model.tty import Tty
from ant.terminal.screen.snapshot import ScreenSnapshot
from tests.terminal.recorded import FOLDER, Moment, Recording, recordings
from tests.terminal.unlike import heard, said

UNKNOWN = "some-agent"
"""A process name that no driver has."""

UNDRIVEN = frozenset(
    {
        "codex-cli-0.1.2505172129",
        "deepagents-0.0.34",
        "hermes-0.19.0",
        "mini-2.4.6",
        "open-codex-0.1.31",
    }
)
"""Recorded agents that ANT has no driver for."""

QUIET_S = 4.0
"""Seconds without output that a second look at each moment assumes."""

_ASKS = frozenset([Kind.DIALOG, Kind.QUESTION])


@attrs.frozen(order=True)
class Judged:
    """The verdict at one moment. `name` is `<recording>#<number>`."""

    name: str
    moment: Moment = attrs.field(order=False)
    snapshot: ScreenSnapshot = attrs.field(order=False)
    verdict: Verdict = attrs.field(order=False)

    @property
    def expected(self) -> str:
        """The kind by the person who labelled the moment."""
        return str(self.moment.expect["kind"])

    @property
    def is_seen(self) -> bool:
        """Whether the detector names the same kind."""
        return self.verdict.kind == self.expected

    @property
    def has_right_options(self) -> bool:
        """Whether the options of a dialog and the marked one are right."""
        found, wanted = heard(self.verdict), said(self.moment)
        same = (found.options, found.selected) == (wanted.options, wanted.selected)
        return self.is_seen and same

    @property
    def is_false_dialog(self) -> bool:
        """Whether the detector offers to answer a dialog that does not exist."""
        return self.verdict.kind is Kind.DIALOG and self.expected != Kind.DIALOG

    @property
    def is_false_rest(self) -> bool:
        """Whether the detector calls a busy or asking program at rest."""
        at_rest = self.verdict.kind is Kind.AT_REST
        return at_rest and self.expected in (Kind.BUSY, *_ASKS)


@attrs.define
class Counts:
    """Counts of moments: of each kind those that exist and those that were seen.

    `options` counts the dialogs with the right options. `approve` and `deny` count the
    dialogs that accept the answer. `false_dialogs` can be answered, `false_views`
    cannot. `false_rest` counts busy or asking moments that were called at rest.
    """

    dialogs: int = 0
    dialogs_seen: int = 0
    options: int = 0
    approve: int = 0
    deny: int = 0
    at_rest: int = 0
    at_rest_seen: int = 0
    busy: int = 0
    busy_seen: int = 0
    questions: int = 0
    questions_seen: int = 0
    false_dialogs: int = 0
    false_views: int = 0
    false_rest: int = 0

    def add(self, judged: Judged) -> None:
        """Count one moment."""
        seen = int(judged.is_seen)
        match judged.expected:
            case Kind.DIALOG:
                self.dialogs += 1
                self.dialogs_seen += seen
                self.options += judged.has_right_options
                prompt = judged.verdict.prompt if seen else None
                self.approve += prompt is not None and _accepts(prompt, "approve")
                self.deny += prompt is not None and _accepts(prompt, "deny")
            case Kind.AT_REST:
                self.at_rest += 1
                self.at_rest_seen += seen
            case Kind.BUSY:
                self.busy += 1
                self.busy_seen += seen
            case Kind.QUESTION:
                self.questions += 1
                self.questions_seen += seen
        if judged.is_false_dialog and judged.verdict.prompt is not None:
            is_view = judged.verdict.prompt.form is Form.VIEW
            self.false_views += is_view
            self.false_dialogs += not is_view
        self.false_rest += judged.is_false_rest

    def __add__(self, other: "Counts") -> "Counts":
        mine, theirs = attrs.astuple(self), attrs.astuple(other)
        return Counts(*(a + b for a, b in zip(mine, theirs, strict=True)))


def measure(
    folder: Path = FOLDER, driver: bool = True, quiet_s: float | None = None
) -> dict[tuple[str, str], Counts]:
    """Return the counts by agent and version, of the recordings in a folder.

    The agent is the first folder of a recording's name. `driver`: use the driver that
    the recording names, else only the general rules. `quiet_s` replaces the seconds
    without output of every moment.
    """
    counts = dict[tuple[str, str], Counts]()
    for recording in agents_in(folder, driver):
        key = recording.name.split("/")[0], recording.version
        of_agent = counts.setdefault(key, Counts())
        for judged in judge(recording, driver, quiet_s):
            of_agent.add(judged)
    return counts


def agents_in(folder: Path = FOLDER, driver: bool = True) -> list[Recording]:
    """Return the recordings of real agents in a folder.

    `FOLDER` also has other programs: there, an agent without a driver is one of
    `UNDRIVEN`. It is left out if the drivers are measured.
    """
    return [
        each
        for each in recordings(folder)
        if _is_agent(each, folder, driver)
        and not each.name.split("/")[-1].startswith("mock-")
    ]


def _is_agent(recording: Recording, folder: Path, driver: bool) -> bool:
    is_undriven = recording.name.split("/")[0] in UNDRIVEN
    return (
        recording.driver is not None or folder != FOLDER or (is_undriven and not driver)
    )


def judge(
    recording: Recording, driver: bool = True, quiet_s: float | None = None
) -> Iterator[Judged]:
    """Yield the verdict at each moment of a recording; see `measure`."""
    for index, (moment, snapshot) in enumerate(recording.looks()):
        seen = snapshot if driver else without_name(snapshot)
        seen = seen if quiet_s is None else attrs.evolve(seen, quiet_s=quiet_s)
        verdict = classify(seen, recording.driver if driver else None)
        yield Judged(f"{recording.name}#{index}", moment, seen, verdict)


def without_name(snapshot: ScreenSnapshot) -> ScreenSnapshot:
    """Return the snapshot with a foreground program that no driver knows."""
    tty: Tty | None = snapshot.tty
    if tty is None:
        return snapshot
    return attrs.evolve(snapshot, tty=attrs.evolve(tty, foreground=UNKNOWN))


def _accepts(prompt: Prompt, answer: Answer) -> bool:
    try:
        goal_of(prompt, Choice(answer))
    except NotAnOption:
        return False
    return True


HEAD = (
    f"{'agent':14} {'version':22} {'dialogs':>9} {'options':>7} {'appr':>4} "
    f"{'deny':>4} {'at rest':>9} {'busy':>7} {'asks':>7} {'false':>5} "
    f"{'views':>5} {'rest!':>5}"
)


def row(agent: str, version: str, each: Counts) -> str:
    """Return one row of the table."""
    return (
        f"{agent:14} {version[:22]:22} {each.dialogs_seen:4}/{each.dialogs:<4} "
        f"{each.options:7} {each.approve:4} {each.deny:4} "
        f"{each.at_rest_seen:4}/{each.at_rest:<4} {each.busy_seen:3}/{each.busy:<3} "
        f"{each.questions_seen:3}/{each.questions:<3} {each.false_dialogs:5} "
        f"{each.false_views:5} {each.false_rest:5}"
    )


def table(counts: dict[tuple[str, str], Counts]) -> Iterator[str]:
    """Yield the rows of the table, the sum last."""
    yield HEAD
    for (agent, version), each in sorted(counts.items()):
        yield row(agent, version, each)
    yield row("all", "", sum(counts.values(), Counts()))


def missed(folder: Path, driver: bool, quiet_s: float | None) -> Iterator[Judged]:
    """Yield each moment whose kind or options differ from the person's word."""
    for recording in agents_in(folder, driver):
        for judged in judge(recording, driver, quiet_s):
            is_dialog = judged.expected == Kind.DIALOG
            if not (judged.has_right_options if is_dialog else judged.is_seen):
                yield judged


def main(argv: Iterable[str] | None = None) -> None:
    """Print the tables, and with `--misses` each moment that was judged wrongly."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--show", action="store_true", help="with the screens")
    args = parser.parse_args(None if argv is None else [*argv])
    for folder in args.folders or [FOLDER]:
        for driver in (True, False):
            for quiet_s in (None, QUIET_S):
                quiet = "as recorded" if quiet_s is None else f"{quiet_s:.0f} s quiet"
                print(f"\n{'with' if driver else 'without'} driver, {quiet}")
                print("\n".join(table(measure(folder, driver, quiet_s))))
                for each in missed(folder, driver, quiet_s) if args.misses else ():
                    print(f"{each.name}: {each.expected}, not {each.verdict.kind}")
                    if args.show:
                        print("\n".join(each.snapshot.lines), heard(each.verdict))


if __name__ == "__main__":
    main()
