"""Checks of `ant doctor`: Python, libraries, and the programs that ANT works with."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

import ant
from ant.cli.host.finding import Finding, ok, problem, warning
from ant.cli.table import has_colours
from ant.core.errors import Invalid

DISTRIBUTION: Final = "ant-server"
OLDEST_PYTHON: Final = (3, 11)
PROGRAM_S: Final = 3.0
"""How long a program may take to print its version."""

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)([^;]*)(?:;(.*))?")
_CLAUSE = re.compile(r"\s*(==|>=|<)\s*([0-9][0-9A-Za-z.]*?)(\.\*)?\s*")
_REINSTALL: Final = "Install ANT again (`make serve` in its folder does)."


def check_python() -> Iterator[Finding]:
    """The versions of ANT and Python, and the platform."""
    here = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        yield problem(
            "Python", here, f"ANT needs {oldest} or newer: install ANT with that."
        )
    else:
        yield ok("Python", here)
    if sys.platform != "linux":
        yield problem("system", sys.platform, "ANT runs on Linux only.")
    else:
        yield ok("system", f"Linux {platform.release()}, {platform.machine()}")


def check_libraries() -> Iterator[Finding]:
    """The libraries that ANT requires, the screen library, and RE2."""
    try:
        required = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        yield warning(
            "libraries", f"{DISTRIBUTION} is not installed as a package.", _REINSTALL
        )
        required = []
    wrong, count = [], 0
    for line in required:
        name, wanted, condition = _parsed(line)
        if condition:  # An extra, or a library that has no wheel for some machines.
            continue
        count += 1
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if not satisfies(found, wanted):
            wrong.append(f"{name} is {found}, expected {wanted}")
    if wrong:
        yield problem("libraries", "; ".join(wrong) + ".", _REINSTALL)
    elif count:
        yield ok("libraries", f"ANT {ant.__version__} has all {count} that it requires")
    yield _screen()
    yield _re2()


def _parsed(line: str) -> tuple[str, str, str]:
    """The name, the versions and the condition of a requirement."""
    match = _REQUIREMENT.fullmatch(line.strip())
    if match is None:
        return line, "", "unknown"
    return match[1], match[2].strip(), (match[3] or "").strip()


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version is one of those in a requirement such as `>=1.2,<2`."""
    found = _numbers(version)
    for clause in filter(None, wanted.split(",")):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            continue  # An installer understands more than this.
        limit = _numbers(match[2])
        if match[1] == "==":
            is_met = (found[: len(limit)] if match[3] else found) == limit
        else:
            is_met = found >= limit if match[1] == ">=" else found < limit
        if not is_met:
            return False
    return True


def _numbers(version: str) -> list[int]:
    return [int(each) for each in re.findall(r"\d+", version)]


def _screen() -> Finding:
    from ant.terminal.screen.emulator import open_screen

    try:
        screen = open_screen(80, 24)
    except (ImportError, OSError) as exc:
        return problem(
            "screen library",
            f"None works: {exc}.",
            "Install pyghostty or pyavt; without one ANT reads no screen.",
        )
    return ok("screen library", type(screen).__module__.rpartition(".")[2])


def _re2() -> Finding:
    from ant.history.pattern import smart

    try:
        smart("re:a", "$")
    except Invalid as exc:
        return warning("RE2", f"{exc}.", "Install google-re2.")
    return ok("RE2", "Regular expressions work")


def check_tmux() -> Iterator[Finding]:
    """Whether tmux is there and new enough."""
    from ant.terminal.tmux.tmux_commands import OLDEST, is_old

    oldest = ".".join(map(str, OLDEST))
    program = shutil.which("tmux")
    if program is None:
        yield warning(
            "tmux",
            "It is not installed.",
            f"Install {oldest} or newer if programs should outlive the server.",
        )
        return
    try:
        done = subprocess.run(
            [program, "-V"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROGRAM_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        yield warning("tmux", f"{program} does not run: {exc}.", "Install it again.")
        return
    version = done.stdout.decode("utf-8", "replace").strip().removeprefix("tmux ")
    if is_old(version):
        yield warning("tmux", f"{version} is too old.", f"Install {oldest} or newer.")
    else:
        yield ok("tmux", f"{version} at {program}")


def check_shells() -> Iterator[Finding]:
    """The shells in which ANT sees commands, and whether the login shell is one."""
    from ant.runtime.launch import SHELLS, default_shell

    found = [each for each in SHELLS if shutil.which(each)]
    login = default_shell()
    known = ", ".join(SHELLS)
    if os.path.basename(login) in SHELLS:
        yield ok("shells", f"{login} is your shell; integrated: {', '.join(found)}")
    else:
        yield warning(
            "shells",
            f"In {login}, your shell, ANT does not see where a command ends.",
            f"Start terminals with one of {known}, or make it your shell (chsh).",
        )


def check_agents(folder: Path) -> Iterator[Finding]:
    """The agent CLIs on PATH, with their versions and those of the drivers.

    `folder` has the drivers of the user. None of the programs is run: a version is that
    of the package of the program.
    """
    from ant.terminal.agents.driver import drivers
    from ant.terminal.agents.driver_files import SHELL
    from ant.terminal.agents.own_drivers import read_folder
    from ant.terminal.host.program_version import file_version

    own = {each.driver.name: each.driver for each in read_folder(folder).accepted}
    found = []
    for driver in {**drivers(), **own}.values():
        if driver.name == SHELL:
            continue
        for program in driver.programs:
            path = shutil.which(program)
            if path is None:
                continue
            version = file_version(Path(path)) or "version unknown"
            recorded = ", ".join(driver.recorded) or "unknown"
            found.append(f"{program} ({version}; driver for {recorded})")
    if found:
        yield ok("agents", ", ".join(found))
    else:
        yield ok("agents", "There is no agent CLI with a driver on PATH")


def check_drivers(folder: Path) -> Iterator[Finding]:
    """The driver files of the user: those that ANT would use, and those it refuses."""
    from ant.terminal.agents.own_drivers import read_folder

    own = read_folder(folder)
    for each in own.refused:
        yield problem(
            "drivers",
            f"ANT does not use a driver: {each.reason}",
            "Mend it, look with `ant drivers check`, then run `ant drivers reload`.",
        )
    names = ", ".join(each.driver.name for each in own.accepted)
    if names:
        yield ok("drivers", f"{names}, from {folder}")
    elif not own.refused:
        yield ok("drivers", f"There are none of yours in {folder}")


def check_terminal() -> Iterator[Finding]:
    """The terminal in which `ant` runs, and the locale."""
    term = os.environ.get("TERM")
    if not sys.stdout.isatty():
        yield ok("terminal", "Standard output is no terminal")
    elif not term or term == "dumb":
        yield warning(
            "terminal",
            f"TERM is {term!r}." if term else "TERM is not set.",
            "Set it to the name of your terminal, such as xterm-256color.",
        )
    else:
        yield ok("terminal", f"{term}, colours {'on' if has_colours() else 'off'}")
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    name = next((each for each in names if os.environ.get(each)), None)
    locale = os.environ[name] if name else ""
    if re.search(r"utf-?8", locale, re.IGNORECASE):
        yield ok("locale", f"{name}={locale}")
    else:
        yield warning(
            "locale",
            f"{name}={locale} has no UTF-8." if name else "No locale is set.",
            "Set LANG to a UTF-8 locale, such as C.UTF-8.",
        )
