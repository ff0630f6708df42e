"""`ant drivers`: how ANT reads each agent CLI; try a file of your own, and reload."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from ant.cli.runner import (
    REFUSED,
    ServerCall,
    clean,
    note,
    printable,
    server_command,
)
from ant.cli.table import table
from ant.core.errors import AntError

_DIGITS: Final = re.compile(r"\d+")

STATES: Final = {
    "dialog": "a dialog",
    "question": "a question",
    "at_rest": "at rest",
    "busy": "busy",
    "quiet_unknown": "unknown",
}
"""The states of a program, in words."""


@click.group(short_help="Descriptions of agent CLIs: list, check, reload.")
def drivers() -> None:
    """Drivers: files that describe how an agent CLI is read and typed to.

    ANT has some, and you may add your own: docs/agents.md explains how.
    """


@drivers.command("list")
@server_command(as_operator=True, short=True)
async def list_drivers(call: ServerCall) -> None:
    """List the drivers in use, with the versions that they were recorded with.

    The last column has the sessions that use a driver, and the version that runs.
    """
    page = await call.ant.drivers()
    head = ("NAME", "PROGRAMS", "RECORDED", "FROM", "RUNNING")
    rows = [head, *map(_row, page["drivers"])]
    call.show(page, *table(rows), *_refused(page))


def _row(driver: dict[str, Any]) -> tuple[str, ...]:
    origin = driver["file"] or "ANT"
    if driver["replaces"]:
        origin += " (in place of ANT's)"
    if not driver["usable"]:
        origin += " (not used: its patterns took too long)"
    running = []
    for each in driver["sessions"]:
        version = each["running"] or "version unknown"
        differs = ", not recorded" if each["differs"] else ""
        running.append(f"{each['name']} ({version}{differs})")
    return (
        driver["name"],
        ", ".join(driver["programs"]),
        ", ".join(driver["recorded"]) or "unknown",
        origin,
        ", ".join(running),
    )


def _refused(page: dict[str, Any]) -> Iterator[str]:
    for each in page["refused"]:
        kept = " What ANT read there before stays in use." if each["kept"] else ""
        yield f"Not used: {each['reason']}{kept}"


@drivers.command()
@server_command(as_operator=True, short=True)
async def reload(call: ServerCall) -> None:
    """Read your driver files again, and use them in running sessions.

    Exits with 1 if a file is refused.
    """
    page = await call.ant.reload_drivers()
    own = [each["name"] for each in page["drivers"] if each["file"]]
    count = page["sessions"]
    lines = [
        f"Drivers of yours: {', '.join(own) or 'none'}, from {page['folder']}.",
        f"{count} running session{'s' * (count != 1)} took another driver.",
    ]
    call.show(page, *lines, *_refused(page))
    if page["refused"]:
        sys.exit(REFUSED)


@drivers.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--screens",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Try it on the recordings in this folder.",
)
@click.option("--session", help="Try it on the stored screens of this session.")
@server_command(as_operator=True, short=True)
async def check(
    call: ServerCall, file: BinaryIO, screens: Path | None, session: str | None
) -> None:
    """Check a driver FILE, and try it on stored screens.

    Prints the state that ANT would conclude for each screen, by which rule and which
    rows. Only --session calls a server. Nothing is changed. Exits with 1 if the file
    has a mistake, if a screen differs from its label, or if `programs` does not name
    the program in front.
    """
    if screens is not None and session is not None:
        raise click.UsageError("Give --screens or --session, not both.")
    name = Path(file.name).name
    try:
        content = file.read().decode()
        if session is not None:
            row = await call.ant.session(clean(session))
            page = await call.ant.check_driver(content, row["id"], name)
        else:
            page = _check_here(content, name, screens)
    except (OSError, UnicodeDecodeError) as exc:
        note(f"{name} cannot be read: {exc}")
        sys.exit(REFUSED)
    call.show(page, *_report(page, screens is not None or session is not None))
    if not _is_good(page) and (screens is not None or session is not None):
        sys.exit(REFUSED)


def _check_here(content: str, name: str, screens: Path | None) -> Any:
    """Check a file in this process, on recordings; return it as the server would."""
    from ant.api import codec
    from ant.history.driver_check import check as check_on
    from ant.history.driver_check import check_content
    from ant.history.recordings import read_recordings

    try:
        driver = check_content(content, name)
        found = check_on(driver, read_recordings(screens) if screens else ())
    except ValueError as exc:
        raise AntError(str(exc)) from exc
    except ImportError as exc:
        raise AntError("No screen library is installed here.") from exc
    return codec.loads(codec.dumps(found))


def _is_good(page: dict[str, Any]) -> bool:
    """Whether the driver knows its program, and every label is right."""
    return _is_known(page) and not any(map(_is_wrong, page["screens"]))


def _is_known(page: dict[str, Any]) -> bool:
    """Whether `programs` names what is in front now, or was at a stored screen.

    Recordings may name the interpreter of a script: there a driver that judges is one
    that knows.
    """
    if page["screens"] and page["screens"][0]["expected"] is not None:
        return any(each["uses_driver"] for each in page["screens"])
    seen = {page["front"], *(each["program"] for each in page["screens"])}
    return bool(seen & {*page["programs"]})


def _is_wrong(screen: dict[str, Any]) -> bool:
    return screen["expected"] is not None and screen["expected"] != screen["kind"]


def _report(page: dict[str, Any], has_screens: bool) -> Iterator[str]:
    """The result in words: the driver, each screen, and what was never found."""
    programs = ", ".join(page["programs"]) or "no program: only a session's flag"
    effect = "replaces the driver of ANT" if page["replaces"] else "adds a driver"
    yield f"The file is in order. {page['name']} {effect}, for {programs}."
    if not has_screens:
        yield "Try it on screens with --session NAME or --screens FOLDER."
        return
    screens = page["screens"]
    yield from _screens(screens)
    if not _is_known(page):
        seen = {page["front"]} if page["front"] else {e["program"] for e in screens}
        names = ", ".join(sorted(name or "unknown" for name in seen))
        yield f"`programs` does not name the program in front, which is {names}."
    labelled = [each for each in screens if each["expected"] is not None]
    if labelled:
        wrong = sum(map(_is_wrong, labelled))
        yield f"{wrong} of {len(labelled)} labelled screens differ from their label."
    for rule in page["rules"]:
        if not rule["screens"]:
            name = f"{rule['key']} {rule['id']}"
            yield f"The pattern of {name} matches no row of these screens."


def _screens(screens: list[dict[str, Any]]) -> Iterator[str]:
    """The lines of all screens; only the first of those that look alike in a row."""
    last, alike = list[str](), 0
    for each in screens:
        lines = list(_lines_of(each))
        if _alike(lines) == _alike(last):
            alike += 1
            continue
        yield from _more(alike)
        yield from lines
        last, alike = lines, 0
    yield from _more(alike)


def _alike(lines: list[str]) -> list[str]:
    """The lines of a screen without its place, and without what counts up."""
    state = [line.partition(": ")[2] for line in lines]
    return [_DIGITS.sub("0", line) for line in state]


def _more(alike: int) -> Iterator[str]:
    if alike:
        yield f"  and {alike} more like it"


def _lines_of(screen: dict[str, Any]) -> Iterator[str]:
    state = STATES[screen["kind"]]
    line = f"{screen['place']}: {state} by the rule {screen['rule']}"
    if not screen["uses_driver"]:
        line += f" (another driver knows {screen['program']})"
    if _is_wrong(screen):
        line += f", but its label says {STATES[screen['expected']]}"
    yield line
    for number, text in zip(screen["rows"], screen["evidence"], strict=True):
        if text.strip():
            yield f"  row {number}: {printable(text)}"
