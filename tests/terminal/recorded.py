"""Recordings as tests read them: bytes, sizes, and what a person said at moments."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from ant.terminal.model.tty import Tty
from ant.terminal.screen.emulator import ScreenEmulator, open_screen
from ant.terminal.screen.snapshot import ScreenSnapshot

FOLDER = Path(__file__).parent / "recordings"


@attrs.frozen
class Moment:
    """What was so, and what a person says it was."""

    offset: int
    at_s: float
    quiet_s: float
    tty: Tty
    expect: dict[str, Any]
    typed: str | None
    chose: str | None


@attrs.frozen
class Recording:
    """One run of one program."""

    name: str
    version: str
    driver: str | None
    cols: int
    rows: int
    data: bytes
    resizes: dict[int, tuple[int, int]]
    moments: tuple[Moment, ...]

    @property
    def is_further_version(self) -> bool:
        """Whether an agent's recordings of another version have the plain name."""
        folder = self.name.split("/")[0]
        plain = re.sub(r"-\d+\.[\w.]+$", "", folder)
        return plain != folder and (FOLDER / plain).is_dir()

    def looks(self, pieces: int = 0) -> Iterator[tuple[Moment, ScreenSnapshot]]:
        """Each moment and the look that was to be had, fed whole or in `pieces`."""
        screen, at = open_screen(self.cols, self.rows), 0
        stops = sorted({*self.resizes, *(moment.offset for moment in self.moments)})
        for stop in stops:
            step = pieces or max(stop - at, 1)
            for start in range(at, stop, step):
                screen.feed(self.data[start : min(start + step, stop)])
            at = stop
            for moment in self.moments:
                if moment.offset == stop:
                    yield moment, look(screen, moment)
            if stop in self.resizes:
                screen.resize(*self.resizes[stop])


def look(screen: ScreenEmulator, moment: Moment) -> ScreenSnapshot:
    """A look at a screen at that moment."""
    return ScreenSnapshot(
        screen.styled(),
        screen.cursor,
        screen.modes,
        moment.tty,
        moment.quiet_s,
        moment.offset,
        screen.cols,
    )


def recordings(folder: Path = FOLDER) -> list[Recording]:
    """All of them, by name."""
    return [_read(path, folder) for path in sorted(folder.rglob("*.json"))]


def _read(path: Path, folder: Path) -> Recording:
    told = json.loads(path.read_text())
    moments = tuple(
        Moment(
            each["offset"],
            each["at_s"],
            each["quiet_s"],
            Tty(
                each["echo"],
                each["canonical"],
                each["foreground"] or "",
                each["leader"],
                each["reading"],
                each["icrnl"],
            ),
            each["expect"],
            each.get("typed"),
            each.get("chose"),
        )
        for each in told["moments"]
    )
    return Recording(
        str(path.relative_to(folder).with_suffix("")),
        told["version"],
        told["driver"],
        told["cols"],
        told["rows"],
        path.with_suffix(".ansi").read_bytes(),
        {each["offset"]: (each["cols"], each["rows"]) for each in told["resizes"]},
        moments,
    )
