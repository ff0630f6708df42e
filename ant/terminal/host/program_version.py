"""The version of an installed program, by the files beside it. Nothing is run.

Rule 1: the file of a process is what the kernel says it executes. For a script of an
interpreter it is the script: by the arguments, or, if the process hides them, by its
name on the PATH that it was started with.
Rule 2: the version is the name of the file itself (`versions/2.1.197`), or that in the
`package.json` of the package around it, or that of the Python package that installed
it. A file that tells none of them has no known version.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ant.terminal.agents.not_agents import INTERPRETERS, stem
from ant.terminal.host import processes
from ant.terminal.host.foreground import foreground_process, program_of
from ant.terminal.host.regular_file import beginning

PACKAGE_DEPTH: Final = 4
"""Folders above a program in which its package.json is looked for."""

PACKAGES_MAX: Final = 2000
"""Python packages beside a script that are searched for the one that installed it."""

FILE_MAX: Final = 256 << 10
"""Bytes that are read of a file."""

_NAME = re.compile(r"v?(\d+\.\d+(?:\.\d+)*(?:[-.]?[0-9A-Za-z.]{1,20})?)")
_PACKAGE = re.compile(r'^(?: {1,4}|\t)?"version"\s*:\s*"([^"\s]{1,40})"', re.MULTILINE)
_ANYWHERE = re.compile(r'"version"\s*:\s*"([^"\s]{1,40})"')
_PLATFORM = re.compile(r"-(?:linux|darwin|win32|windows|alpine|android)\b.*")
"""The end of the version of a package that is made for one platform."""


def running_version(leader: int, program: str) -> str | None:
    """The version of the program in front of a terminal; None if it is unknown.

    `leader` is the pid of the terminal's first process. None also if another program
    than `program` is in front by now. For a thread: it reads files.
    """
    pid, name = foreground_process(processes.foreground_of(leader))
    if not name or program_of(pid, name)[0] != program:
        return None
    file = _file_of(pid, program)
    return file_version(file) if file is not None else None


def file_version(program: Path) -> str | None:
    """The version of a program by the files beside it; None if they tell none."""
    try:
        real = program.resolve(strict=True)
        if (named := _NAME.fullmatch(real.name)) is not None:
            return named[1]
        return _package_version(real) or _distribution_version(real)
    except (OSError, ValueError, RuntimeError):
        return None  # The program may have any form.


def _file_of(pid: int, program: str) -> Path | None:
    """The file that a process executes, or the script that its interpreter runs."""
    try:
        exe = Path(os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)"))
        if stem(exe.name) not in INTERPRETERS:
            return exe
        words = processes.read_proc(pid, "cmdline").rstrip(b"\0").split(b"\0")[1:]
        options = 0
        while options < len(words) and words[options].startswith(b"-"):
            options += 1
        if options < len(words):
            folder = Path(os.readlink(f"/proc/{pid}/cwd"))
            return folder / os.fsdecode(words[options])
    except OSError:
        return None  # The process has ended, or belongs to another user.
    folders = processes.environ_of(pid).get("PATH", "").split(os.pathsep)
    found = (Path(folder, program) for folder in folders if folder.startswith("/"))
    return next(filter(os.path.isfile, found), None)


def _package_version(program: Path) -> str | None:
    """The version in the package.json of the npm package that contains a program."""
    for folder in list(program.parents)[:PACKAGE_DEPTH]:
        text = beginning(folder / "package.json", FILE_MAX)
        if text is not None:
            found = _PACKAGE.search(text) or _ANYWHERE.search(text)
            return _PLATFORM.sub("", found[1]) if found else None
        if folder.name == "node_modules":
            break
    return None


def _distribution_version(script: Path) -> str | None:
    """The version of the Python package that installed a script beside its Python."""
    line = re.compile(rf"^{re.escape(script.name)}\s*=", re.MULTILINE)
    for folder in _distributions(script.parent.parent / "lib"):
        text = beginning(folder / "entry_points.txt", FILE_MAX)
        if text is not None and line.search(text):
            return folder.name.removesuffix(".dist-info").rpartition("-")[2]
    return None


def _distributions(lib: Path) -> Iterator[Path]:
    """The folders of installed packages below the `lib` of an environment."""
    count = 0
    for site in sorted(lib.glob("python3*/*-packages")):
        with os.scandir(site) as entries:
            for each in entries:
                if each.name.endswith(".dist-info"):
                    count += 1
                    if count > PACKAGES_MAX:
                        return
                    yield Path(each.path)
