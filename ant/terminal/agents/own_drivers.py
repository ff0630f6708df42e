"""Drivers that users own: the `*.toml` files of a folder, beside those of ANT.

Rule 1: a file with the `name` of a driver of ANT replaces it; a new name adds one.
Rule 2: a bad file is refused with one sentence, and the others are used. While ANT
runs, the driver that it read from that file before stays in use.
Rule 3: whoever can write such a file decides what ANT types. So ANT refuses a file, and
the whole folder, that another user owns or that others may write to.
Rule 4: nobody can make an agent of a shell, an interpreter or a proxy.
"""

import errno
import logging
import os
import stat
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from ant.terminal.agents.bounded_pattern import Allowance, compile_bounded
from ant.terminal.agents.driver import Driver, DriverSet, driver_from, use
from ant.terminal.agents.driver_files import SHELL, Table, parse, use_own_files
from ant.terminal.agents.not_agents import INTERPRETERS, repeats, stem

log = logging.getLogger(__name__)

SIZE_MAX: Final = 64 << 10
"""Bytes of a file. Those of ANT have 2 KiB."""

FILES_MAX: Final = 100
"""Files of a folder that ANT reads."""

_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


@attrs.frozen
class OwnDriver:
    """A driver that a user owns, with the table of its file."""

    path: Path
    driver: Driver
    table: Table = attrs.field(repr=False, eq=False)


@attrs.frozen
class RefusedFile:
    """A file, or the whole folder, that ANT does not use."""

    path: Path
    """The path of the file."""
    reason: str
    """One sentence: the path, what is wrong, and what was expected."""
    is_kept: bool = False
    """Whether ANT still uses what it read there before."""


@attrs.frozen
class OwnDrivers:
    """What a folder of drivers contains."""

    accepted: tuple[OwnDriver, ...] = ()
    refused: tuple[RefusedFile, ...] = ()


def read_folder(folder: Path, before: OwnDrivers = OwnDrivers()) -> OwnDrivers:
    """Read the drivers of a folder; none if it does not exist. Raises nothing.

    `before` is what ANT uses now, of which it keeps what cannot be read any more.
    """
    try:
        files = _files(folder)
    except FileNotFoundError:
        return OwnDrivers()
    except (OSError, ValueError) as exc:
        return _with_kept((), (RefusedFile(folder, _reason(folder, exc)),), before)
    accepted, refused = dict[str, OwnDriver](), list[RefusedFile]()
    for path in files[:FILES_MAX]:
        try:
            found = read_file(path)
            if (other := accepted.get(found.driver.name)) is not None:
                raise ValueError(
                    f"{path}: name: expected another one: {other.path.name} has "
                    f"{found.driver.name!r} already."
                )
            accepted[found.driver.name] = found
        except (OSError, ValueError) as exc:
            refused.append(RefusedFile(path, _reason(path, exc)))
    refused += [
        RefusedFile(path, f"{path}: ANT reads at most {FILES_MAX} files of its folder.")
        for path in files[FILES_MAX:]
    ]
    return _with_kept(accepted.values(), refused, before)


def read_file(path: Path) -> OwnDriver:
    """Read one file.

    Raises `OSError`, or `ValueError` with one sentence that begins with the path.
    """
    return parse_driver(path, _content(path))


def parse_driver(path: Path, content: str) -> OwnDriver:
    """Return the driver that a text describes. Raises `ValueError` as `read_file`."""
    table = parse(str(path), content)
    name = table["name"]
    allowance = Allowance(str(name))
    compile_ = partial(compile_bounded, allowance=allowance)
    driver = driver_from(str(path), table, compile_, allowance)
    if driver.name == SHELL:
        raise ValueError(
            f"{path}: name: expected another one: {SHELL!r} describes the shells."
        )
    for program in driver.programs:
        if repeats(program) or stem(program) in INTERPRETERS:
            raise ValueError(
                f"{path}: programs: expected names of agents: {program!r} is a "
                "shell, an interpreter or a proxy, to which ANT types no message."
            )
    return OwnDriver(path, driver, table)


def use_own(own: OwnDrivers) -> DriverSet:
    """Use these drivers beside those of ANT from now on; return all."""
    use_own_files({str(each.path): each.table for each in own.accepted})
    return use(each.driver for each in own.accepted)


class DriverFolder:
    """The folder of the operator's own drivers, and what ANT has read there last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.own = OwnDrivers()

    def load(self) -> None:
        """Read the folder and use its drivers, at a start; log what is refused."""
        self.apply(self.read())

    def read(self) -> OwnDrivers:
        """Read the folder again, beside what is in use. For a thread."""
        return read_folder(self.path, self.own)

    def apply(self, own: OwnDrivers) -> None:
        """Use what `read` returned from now on; log what is refused."""
        self.own = own
        use_own(own)
        for each in own.refused:
            kept = " The driver that was read before stays." if each.is_kept else ""
            log.warning("A driver file is not used: %s%s", each.reason, kept)


def _with_kept(
    accepted: Iterable[OwnDriver], refused: Iterable[RefusedFile], before: OwnDrivers
) -> OwnDrivers:
    """Return what was read, and of `before` what is refused by now."""
    accepted = tuple(accepted)
    taken = {each.driver.name for each in accepted}
    wrong = {each.path: each for each in refused}
    kept = tuple(
        each
        for each in before.accepted
        if each.driver.name not in taken and {each.path, each.path.parent} & {*wrong}
    )
    paths = {each.path for each in kept} | {each.path.parent for each in kept}
    marked = (attrs.evolve(e, is_kept=e.path in paths) for e in wrong.values())
    return OwnDrivers((*accepted, *kept), tuple(marked))


def _files(folder: Path) -> list[Path]:
    """Return the driver files of a folder, by name.

    Raises `OSError`, and `ValueError` if others may write to the folder.
    """
    _check_owner(folder, os.stat(folder))
    with os.scandir(folder) as entries:
        names = [each.name for each in entries if each.name.endswith(".toml")]
    return [folder / name for name in sorted(names) if not name.startswith(".")]


def _content(path: Path) -> str:
    """Return the text of a file. Raises `OSError` and `ValueError`."""
    # Without O_NONBLOCK, opening a named pipe would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"{path}: It is no regular file.")
        _check_owner(path, found)
        data = os.read(descriptor, SIZE_MAX + 1)
        if len(data) > SIZE_MAX:
            raise ValueError(f"{path}: It has more than {SIZE_MAX} bytes.")
    finally:
        os.close(descriptor)
    try:
        return data.decode()
    except UnicodeDecodeError as exc:
        raise ValueError(f"{path}: It is not UTF-8 at byte {exc.start}.") from exc


def _check_owner(path: Path, found: os.stat_result) -> None:
    """Raise `ValueError` if somebody but this user and root may write to it."""
    if found.st_uid not in (0, os.geteuid()):
        raise ValueError(
            f"{path}: It belongs to uid {found.st_uid}; only this user and root may "
            "own it."
        )
    if found.st_mode & _OTHERS:
        raise ValueError(
            f"{path}: Others may write to it (mode {stat.S_IMODE(found.st_mode):o}): "
            "run chmod go-w on it."
        )


def _reason(path: Path, exc: OSError | ValueError) -> str:
    if not isinstance(exc, OSError):
        return str(exc)
    known = {errno.EACCES: "ANT may not read it", errno.ENOENT: "It leads nowhere"}
    return f"{path}: {known.get(exc.errno or 0, exc.strerror or str(exc))}."
