"""Recordings of programs: the bytes of a terminal, and moments with their facts.

A recording is two files: `NAME.ansi` has the bytes that the program put out, and
`NAME.json` the size of the screen and the moments, as
`tests/terminal/recordings/README.md` explains. A moment may have a label: the state
that a person sees there.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from ant.api import codec
from ant.core.errors import Conflict
from ant.terminal.model.prompt import Kind
from ant.terminal.model.tty import Tty
from ant.terminal.screen.emulator import open_screen
from ant.terminal.screen.snapshot import ScreenSnapshot

FILES_MAX: Final = 1000
"""Recordings that are read of a folder."""

BYTES_MAX: Final = 4 << 20
"""Bytes of one file of a recording."""

_QUIET_S: Final = 4.0
"""Seconds without output at a moment that does not say how many."""


@attrs.frozen
class RecordedScreen:
    """A moment of a recording: its name, the screen, and what a person sees there."""

    place: str
    snapshot: ScreenSnapshot
    expected: Kind | None


def read_recordings(folder: Path) -> Iterator[RecordedScreen]:
    """Yield the moments of all recordings below a folder, by name.

    Raises `Conflict` with the file that is no recording, and `ImportError` where no
    screen library is installed.
    """
    for number, path in enumerate(sorted(folder.rglob("*.json"))):
        if number == FILES_MAX:
            raise Conflict(f"{folder} has more than {FILES_MAX} recordings.")
        name = str(path.relative_to(folder).with_suffix(""))
        try:
            told = codec.loads(_content(path))
            yield from _screens(name, told, _content(path.with_suffix(".ansi")))
        except (KeyError, TypeError, ValueError, OSError) as exc:
            reason = f"{exc} is missing" if isinstance(exc, KeyError) else str(exc)
            raise Conflict(f"{path} is no recording: {reason}.") from exc


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise Conflict(f"{path} has more than {BYTES_MAX} bytes.")
    return content


def _screens(name: str, told: Any, data: bytes) -> Iterator[RecordedScreen]:
    moments = sorted(told["moments"], key=lambda moment: moment["offset"])
    sizes = {each["offset"]: each for each in told.get("resizes", ())}
    screen, at, count = open_screen(told["cols"], told["rows"]), 0, 0
    for stop in sorted({*sizes, *(moment["offset"] for moment in moments)}):
        screen.feed(data[at:stop])
        at = stop
        for moment in moments:
            if moment["offset"] == stop:
                label = moment.get("expect", {}).get("kind")
                snapshot = ScreenSnapshot(
                    screen.styled(),
                    screen.cursor,
                    screen.modes,
                    _tty(moment),
                    float(moment.get("quiet_s", _QUIET_S)),
                    stop,
                    screen.cols,
                )
                expected = Kind(label) if label else None
                place = f"{name}#{count}"
                yield RecordedScreen(place, snapshot, expected)
                count += 1
        if stop in sizes:
            screen.resize(sizes[stop]["cols"], sizes[stop]["rows"])


def _tty(moment: Any) -> Tty:
    return Tty(
        echo=moment["echo"],
        canonical=moment["canonical"],
        foreground=moment["foreground"] or "",
        leader=moment.get("leader", False),
        reading=moment.get("reading"),
        icrnl=moment.get("icrnl", True),
    )
