"""`ant logs`: what a terminal printed, and what it goes on to print."""

import base64
import sys
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import attrs
import click

from ant.cli.progress import Progress, hidden, progress
from ant.cli.runner import (
    ServerCall,
    clean,
    note,
    printable,
    retry_option,
    server_command,
)
from ant.client.terminal.plain_text import Lines, PlainLine
from ant.core.errors import NotRunning

PAGE = 1000
"""Pieces of the transcript in one request, which the server bounds in bytes, too."""

PAUSE_S = 0.2
"""After so long without output a line without an end is shown on a terminal: it is
often a question."""


@attrs.frozen
class OutputPart:
    """Bytes of a transcript."""

    offset: int
    data: bytes


@attrs.frozen
class GapPart:
    """Offsets without bytes, from `start` up to but not including `end`."""

    start: int
    end: int


@attrs.frozen
class Ended:
    """The program has ended, and all its output came before."""

    event: dict[str, Any]


Pause = None
"""No output came for a moment."""

Part = OutputPart | GapPart | Ended | None


class _Printer(Protocol):
    """Prints the parts of a transcript."""

    def put(self, part: Part) -> None:
        """Print a part, or remember it."""

    def catch_up(self) -> None:
        """Print what is remembered of the history; what comes next is live."""

    def end(self) -> None:
        """Print the rest: nothing comes any more."""


@click.command(short_help="Print what a terminal printed.")
@click.argument("session")
@click.option("--follow", "-f", is_flag=True, help="Go on with what it prints next.")
@click.option("--grep", metavar="TEXT", help="Only lines with TEXT; re: before RE2.")
@click.option("--since", metavar="TIME", help="From a time, or such as 5m before now.")
@click.option("-n", "count", type=click.IntRange(0, 100_000), help="The last N lines.")
@click.option("--raw", is_flag=True, help="The exact bytes, with their sequences.")
@retry_option
@server_command(as_operator=True)
async def logs(
    call: ServerCall,
    session: str,
    follow: bool,
    grep: str | None,
    since: str | None,
    count: int | None,
    raw: bool,
    retry: float,
) -> None:
    """Print what the terminal SESSION printed, as lines without escape sequences.

    --follow ends when its program ends. --grep is in any case, unless TEXT has capital
    letters. --raw is byte by byte what the program wrote. With --json there is one
    object for each line (or piece, with --raw), gap and end.
    """
    if raw and (grep is not None or count is not None):
        raise click.UsageError("--raw prints bytes, so it takes no --grep and no -n.")
    row = await call.ant.session(clean(session))
    if row["type"] == "chat":
        raise NotRunning(
            f"{row['name']} is a room and prints nothing; ant room read prints its "
            "messages."
        )
    pattern = None if grep is None else _pattern(clean(grep))
    printer = _Raw(call) if raw else _Text(call, pattern, count)
    if count is not None and grep is None and since is None:
        end = await _read_last(call, row["id"], count, printer)
    else:
        start = None if since is None else clean(since)
        with progress("Searching") if grep is not None else hidden() as shown:
            end = await _read(call, row["id"], start, printer, shown)
    if follow:
        printer.catch_up()
        await _follow(call, row["id"], end, retry, printer.put)
    printer.end()


def _pattern(text: str) -> Any:
    """Raises `Invalid`."""
    from ant.history.pattern import smart

    return smart(text, "--grep")


async def _read(
    call: ServerCall,
    session_id: str,
    since: str | None,
    printer: _Printer,
    shown: Progress,
) -> int:
    """Print the stored bytes, all or since a time; the offset where they end."""
    first: int | None = None
    query: dict[str, Any] = {"order": "asc"}
    if since is not None:
        query["since"] = since
    start = -1
    while True:
        page = await call.ant.history(session_id, limit=PAGE, raw="true", **query)
        parts, end = _parts(page), int(page["next"])
        shown.clear()  # A line may be printed where the bar is.
        for part in parts:
            printer.put(part)
        if end >= page["end"] or end == start:
            return end
        first = _start(parts, end) if first is None else first
        shown.show(end - first, page["end"] - first)
        start, query = end, {"from_": end}


def _start(parts: list[OutputPart | GapPart], end: int) -> int:
    """The offset of the first part; `end` where there is none."""
    for part in parts:
        return part.offset if isinstance(part, OutputPart) else part.start
    return end


async def _read_last(
    call: ServerCall, session_id: str, count: int, printer: _Printer
) -> int:
    """Print the bytes of at least the last `count` lines; the offset where they end."""
    page = await call.ant.history(session_id, limit=PAGE, raw="true")
    end: int = page["next"]
    parts = _parts(page)
    while page["previous"] is not None and _line_ends(parts) <= count:
        page = await call.ant.history(
            session_id, to=page["previous"], limit=PAGE, raw="true"
        )
        parts = _parts(page) + parts
    for part in parts:
        printer.put(part)
    return end


def _line_ends(parts: list[OutputPart | GapPart]) -> int:
    return sum(each.data.count(b"\n") for each in parts if isinstance(each, OutputPart))


def _parts(page: dict[str, Any]) -> list[OutputPart | GapPart]:
    """The pieces and the gaps of a page, in the order of their offsets."""
    parts: list[OutputPart | GapPart] = [
        OutputPart(each["byte_offset"], base64.b64decode(each["raw_b64"]))
        for each in page["rows"]
    ]
    parts += [GapPart(each["from"], each["to"]) for each in page["gaps"]]
    return sorted(
        parts,
        key=lambda each: each.offset if isinstance(each, OutputPart) else each.start,
    )


async def _follow(
    call: ServerCall,
    session_id: str,
    start: int,
    retry_s: float,
    put: Callable[[Part], None],
) -> None:
    """Put the parts from an offset on, each byte once, until the program has ended.

    A new connection continues at the next byte. It is worth a note if it takes a while.
    Raises `Unreachable`.
    """
    import trio

    from ant import client

    reason, is_noted = None, False
    async with call.ant.follow(session_id, from_=start, retry_s=retry_s) as stream:
        item: client.Item | None
        while True:
            item = None
            with trio.move_on_after(PAUSE_S):
                item = await stream.receive()
            if item is None:
                put(Pause)
                if reason is not None and not is_noted:
                    is_noted = True
                    note(f"The connection has ended ({reason}); ANT opens another one.")
                item = await stream.receive()
            if isinstance(item, client.Output):
                put(OutputPart(item.offset, item.data))
            elif isinstance(item, client.Gap):
                put(GapPart(item.start, item.end))
            elif isinstance(item, client.ConnectionLost):
                reason = item.reason
            elif isinstance(item, client.Connected):
                if is_noted:
                    note("The connection is open again.")
                reason, is_noted = None, False
            elif isinstance(item, client.Exit):
                put(Ended(attrs.asdict(item)))
                return


@attrs.define
class _Raw:
    """Prints the exact bytes; with --json, one object for each piece."""

    _call: ServerCall

    def put(self, part: Part) -> None:
        if isinstance(part, OutputPart) and not self._call.as_json:
            sys.stdout.buffer.write(part.data)
            sys.stdout.buffer.flush()
        elif isinstance(part, OutputPart):
            data = base64.b64encode(part.data).decode()
            end = part.offset + len(part.data)
            self._call.show_one({"offset": part.offset, "end": end, "raw_b64": data})
        else:
            _tell(self._call, part)

    def catch_up(self) -> None:
        """Nothing is remembered."""

    def end(self) -> None:
        """Nothing is remembered."""


@attrs.define
class _Text:
    """Prints lines of text: those of a pattern, and of the history the last `_count`.

    `_shown` is what is on the terminal of a line that has no end yet.
    """

    _call: ServerCall
    _pattern: Any
    _count: int | None
    _lines: Lines = attrs.field(factory=Lines)
    _last: deque[PlainLine | GapPart] = attrs.field(init=False)
    _is_live: bool = False
    _shown: str = ""

    def __attrs_post_init__(self) -> None:
        self._last = deque(maxlen=self._count)

    def put(self, part: Part) -> None:
        if isinstance(part, OutputPart):
            self._print(self._lines.feed(part.offset, part.data))
        elif part is Pause:
            self._show_partial()
        else:
            self._print(self._lines.end())
            if isinstance(part, GapPart) and self._keeps:
                self._last.append(part)
            else:
                _tell(self._call, part)

    def catch_up(self) -> None:
        for each in self._last:
            if isinstance(each, GapPart):
                _tell(self._call, each)
            else:
                self._show(each)
        self._last.clear()
        self._is_live = True

    def end(self) -> None:
        self._print(self._lines.end())
        self.catch_up()

    @property
    def _keeps(self) -> bool:
        return self._count is not None and not self._is_live

    def _print(self, lines: Iterable[PlainLine]) -> None:
        for line in lines:
            if self._pattern is not None and self._pattern.find(line.text) is None:
                continue
            if self._keeps:
                self._last.append(line)
            else:
                self._show(line)

    def _show(self, line: PlainLine) -> None:
        text, shown = line.text, self._shown
        self._shown = ""
        if shown and text.startswith(shown):
            text = text[len(shown) :]
        elif shown:
            click.echo()  # It was drawn again from its beginning.
        self._call.show_one({"offset": line.offset, "text": line.text}, text)

    def _show_partial(self) -> None:
        if self._call.as_json or self._pattern is not None or not sys.stdout.isatty():
            return
        text = self._lines.partial
        if text.startswith(self._shown) and text != self._shown:
            click.echo(printable(text[len(self._shown) :]), nl=False)
            self._shown = text


def _tell(call: ServerCall, part: Part) -> None:
    """Report a gap or the end: with --json as an object, else on standard error."""
    if isinstance(part, GapPart):
        if call.as_json:
            call.show_one({"gap": {"from": part.start, "to": part.end}})
        else:
            note(f"The bytes from {part.start} up to {part.end} are not stored.")
    elif isinstance(part, Ended):
        event = part.event
        if call.as_json:
            names = ("status", "exit_code", "exit_signal", "reason")
            call.show_one({"ended": {name: event.get(name) for name in names}})
            return
        code, signal = event.get("exit_code"), event.get("exit_signal")
        how = f"signal {signal}" if signal is not None else f"exit code {code}"
        is_known = code is not None or signal is not None
        note(f"The program ended{f' with {how}' if is_known else ''}.")
