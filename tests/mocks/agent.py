"""A mock agent CLI: draws what the real ones draw, and logs every byte it reads.

    python -m tests.mocks.agent --style claude --log LOG --control SOCKET [--seed 7] …

Styles, drawn as recordings/AGENTS.md has seen the real ones (keys beside them):

- `claude`, `gemini`, `qwen`: a numbered menu with a marker; a number chooses at once,
  arrows move, Enter confirms, Esc is the last option's "No".
- `codex`: the same, and the letter in brackets after a label chooses too.
- `copilot`: the same, but the number of the last option only moves there.
- `numbered`: a menu without a marker; a number and Enter choose, on a line that echoes.
- `arrows`: a list with a marker and no numbers; only arrows and Enter do anything.
- `checkbox`: `[ ]` rows; a number or Space ticks, Enter confirms what is ticked.
- `yesno`: `Continue? [y/N]`, a line; `password`: `Password:`, a line, no echo.

Control, a Unix socket: one command a line, each answered by one line of JSON when it is
drawn, so that no test needs to sleep. `dialog N` shows DIALOGS[N]; `swap` another one
in its place, chosen by the seed; `rest`; `busy [S]` works for S seconds or for ever;
`say TEXT` prints and rests; `state`; `eat` ignores the next Enter; `hang` stops reading
the terminal; `wake`; `die CODE`.

Misbehaviour, by argv: `--swap S` swaps each dialog after 0..S seconds, by the seed;
`--ambush N` opens a dialog when N bytes of a draft have come; `--eat-enter`; `--hang`;
`--die N` after N bytes; `--late S` echoes a draft S seconds late; `--mute` never does;
`--ignore S` ignores keys for S seconds after a dialog was drawn, `--mark S` an Enter
for S seconds after an arrow, and logs `ignored`.
On SIGWINCH everything is painted anew.

The log is JSON lines: `shown` (`after` so many bytes of output), `gone`, `byte` (its
value and the dialog that was up, or null), `chose` (label, or null for a cancel),
`submitted` (a draft), `ended`. A dialog's `id` counts from 1 and is never used twice.
"""

import argparse
import codecs
import contextlib
import json
import os
import random
import selectors
import signal
import socket
import sys
import termios
import time
import tty
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.mocks.looks import DIALOGS, STYLES, Dialog, Style, composer, framed, rows

UP, DOWN, ESC = "\x1b[A", "\x1b[B", "\x1b"
PASTE = ("\x1b[200~", "\x1b[201~")
TURN_S = 0.1


class Out:
    """Standard output, and how many bytes it was given."""

    count = 0

    def write(self, text: str) -> None:
        self.count += len(text.encode())
        sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


OUT = Out()


@dataclass
class Mock:
    """The program: what it shows, what it was told, when it does the next thing."""

    args: argparse.Namespace
    log: Any
    random: random.Random
    style: Style
    dialog: Dialog | None = None
    shown: int = 0
    at: int = 0
    ticks: set[int] = field(default_factory=set)
    line: str = ""
    draft: str = ""
    drawn: str = ""
    read: int = 0
    turns: int | None = None  # Of the busy glyph; none while it does not work.
    turn_at: float | None = None
    rest_at: float | None = None
    height: int = 0
    due: float | None = None
    swap_at: float | None = None
    keys_at: float = 0.0
    enter_at: float = 0.0
    ambushed: bool = False
    held: str = ""
    decoder: Any = field(
        default_factory=codecs.getincrementaldecoder("utf-8")  # Reads cut characters.
    )

    def note(self, event: str, **more: object) -> None:
        self.log.write(json.dumps({"event": event, **more}) + "\n")
        self.log.flush()

    @property
    def up(self) -> int | None:
        """The id of the dialog that is on the screen."""
        return self.shown if self.dialog else None

    def show(self, dialog: Dialog) -> None:
        self.close()
        self.dialog, self.at, self.ticks, self.line = dialog, 0, set(), ""
        self.shown += 1
        kind = DIALOGS.index(dialog)
        self.note(
            "shown",
            id=self.shown,
            kind=kind,
            options=dialog.options,
            after=OUT.count,
        )
        if self.args.swap:
            self.swap_at = time.monotonic() + self.random.uniform(0, self.args.swap)
        self.paint()
        self.keys_at = time.monotonic() + self.args.ignore

    def swap(self) -> None:
        self.show(self.random.choice([d for d in DIALOGS if d is not self.dialog]))

    def close(self) -> None:
        if self.dialog:
            self.note("gone", id=self.shown)
        self.dialog = self.swap_at = None

    def choose(self, index: int | None, by: str) -> None:
        assert self.dialog
        label = None if index is None else self.dialog.options[index]
        ticked = [self.dialog.options[i] for i in sorted(self.ticks)]
        self.note("chose", id=self.shown, label=label, ticked=ticked, by=by)
        self.close()
        self.say(f"You chose: {label}")

    def say(self, text: str) -> None:
        """Print above what is drawn; it scrolls away as a transcript does."""
        self.erase()
        OUT.write(f"● {text}\r\n\r\n")
        self.paint()

    # What is drawn.

    def frame(self) -> list[str]:
        name, width = self.args.style, os.get_terminal_size(0).columns
        if self.dialog is None:
            return composer(name, self.drawn, self.turns, width)
        drawn = rows(name, self.dialog, self.at, self.ticks, self.line)
        return framed(name, drawn, width)

    def erase(self) -> None:
        up = f"\x1b[{self.height}A" if self.height else ""
        OUT.write(f"\x1b[?2026h{up}\r\x1b[J")
        self.height = 0

    def paint(self) -> None:
        """Draw over what was drawn, as a frame-by-frame TUI does."""
        self.erase()
        drawn = self.frame()
        self.height = len(drawn) - 1
        title = self.style.titles[2 if self.dialog else self.turns is not None]
        OUT.write("\r\n".join(drawn) + f"\x1b]2;{title}\x07\x1b[?2026l")
        OUT.flush()

    # What is typed.

    def take(self, data: bytes) -> None:
        text = self.held + self.decoder.decode(data)
        self.held = ""
        if text.rfind(PASTE[0]) > text.rfind(PASTE[1]):  # The rest of it will come.
            at = text.rfind(PASTE[0])
            text, self.held = text[:at], text[at:]
        for key in keys(text):
            for byte in key.encode():
                self.read += 1
                self.note("byte", byte=byte, dialog=self.up)
                if self.read == self.args.die:
                    raise SystemExit(3)
            if key == "\r" and self.args.eat_enter:
                self.args.eat_enter = False
            elif self.dialog and self.ignores(key):
                self.note("ignored", id=self.shown, key=key)
            elif self.dialog:
                self.answer(key, self.dialog)
            else:
                self.compose(key)
        if not self.args.late:
            self.echo()

    def ignores(self, key: str) -> bool:
        now = time.monotonic()
        return now < self.keys_at or (key == "\r" and now < self.enter_at)

    def answer(self, key: str, dialog: Dialog) -> None:
        last = len(dialog.options) - 1
        letters = {
            label[-2]: i for i, label in enumerate(dialog.options) if "(" in label
        }
        number = int(key) - 1 if key.isdecimal() and len(key) == 1 else -1
        if self.style.number == "line":
            self.answer_line(key, dialog)
        elif key in (UP, DOWN):
            self.at = max(0, min(last, self.at + (1 if key == DOWN else -1)))
            self.enter_at = time.monotonic() + self.args.mark
        elif key == "\r":
            self.choose(self.at, "enter")
        elif key == ESC:
            self.choose(None, "esc")
        elif key == " " and self.style.number == "tick":
            self.ticks ^= {self.at}
        elif 0 <= number <= last and self.style.number == "tick":
            self.ticks ^= {number}
        elif number == last and self.args.style == "copilot":
            self.at = number
        elif 0 <= number <= last and self.style.number == "choose":
            self.choose(number, "number")
        elif self.args.style == "codex" and key in letters:
            self.choose(letters[key], "letter")

    def answer_line(self, key: str, dialog: Dialog) -> None:
        if key == "\r":
            found = None
            if self.args.style == "numbered" and self.line.isdecimal():
                found = int(self.line) - 1
            elif self.args.style == "yesno" and self.line.lower() in ("", "n", "y"):
                yes = next(i for i, o in enumerate(dialog.options) if o[:3] != "No,")
                found = yes if self.line.lower() == "y" else len(dialog.options) - 1
            elif self.args.style == "password":
                found = 0
            if found is not None and 0 <= found < len(dialog.options):
                self.choose(found, "line")
            self.line = ""
        elif key >= " ":
            self.line += key

    def compose(self, key: str) -> None:
        if key == "\r":
            self.note("submitted", text=self.draft)
            text, self.draft, self.drawn = self.draft, "", ""
            self.say(f"You said: {text}")
        elif key == ESC:
            self.work(None)
        elif key == "\x7f":
            self.draft = self.draft[:-1]
        elif not key.startswith(ESC) or key.startswith(PASTE[0]):
            self.draft += key.removeprefix(PASTE[0]).removesuffix(PASTE[1])
        if self.args.ambush and not self.ambushed:
            self.ambushed = len(self.draft.encode()) >= self.args.ambush
            if self.ambushed:
                self.swap()

    def echo(self) -> None:
        self.drawn = "" if self.args.mute else self.draft
        self.paint()

    # What is ordered, and what its own clocks order.

    def work(self, for_s: float | None) -> None:
        """Turn the busy glyph for so long, or no longer."""
        now = time.monotonic()
        self.turns = None if for_s is None else 0
        self.rest_at = None if for_s is None else now + for_s
        self.turn_at = None if for_s is None else now + TURN_S

    def tick(self, now: float) -> None:
        if self.rest_at is not None and now >= self.rest_at:
            self.work(None)
            self.paint()
        if self.turns is not None and self.turn_at is not None and now >= self.turn_at:
            self.turns, self.turn_at = self.turns + 1, now + TURN_S
            self.paint()
        if self.due is not None and now >= self.due:
            self.due = None
            self.echo()
        if self.swap_at is not None and now >= self.swap_at:
            self.swap()

    def order(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "dialog":
            self.show(DIALOGS[int(rest)])
        elif word == "swap":
            self.swap()
        elif word in ("rest", "busy"):
            self.close()
            self.work(float(rest or "inf") if word == "busy" else None)
        elif word == "say":
            self.close()
            self.say(rest)
        elif word in ("hang", "wake"):
            self.args.hang = word == "hang"
        elif word == "eat":
            self.args.eat_enter = True
        elif word == "die":
            raise SystemExit(int(rest or 1))
        self.paint()


def keys(text: str) -> Iterator[str]:
    """Cut into keys: a paste is one, an escape sequence is one, else a character."""
    while text:
        size = 1
        if text.startswith(PASTE[0]) and PASTE[1] in text:
            size = text.index(PASTE[1]) + len(PASTE[1])
        elif text.startswith("\x1b["):
            size = next((i for i, c in enumerate(text) if i > 1 and c.isalpha()), 1) + 1
        yield text[:size]
        text = text[size:]


def serve(mock: Mock, sockets: selectors.BaseSelector, control: socket.socket) -> None:
    """Until told to end: terminal, orders and clocks, whichever comes first."""
    buffers: dict[socket.socket, bytes] = {}
    while True:
        if mock.args.hang:
            with contextlib.suppress(KeyError):
                sockets.unregister(0)
        elif 0 not in sockets.get_map():
            sockets.register(0, selectors.EVENT_READ)
        clocks = (mock.due, mock.swap_at, mock.turn_at, mock.rest_at)
        due = [at for at in clocks if at is not None]
        wait = max(0.0, min(due) - time.monotonic()) if due else None
        for found, _ in sockets.select(wait):
            if found.fd == 0:
                if not (data := os.read(0, 65536)):
                    return
                mock.take(data)
                if mock.args.late:
                    mock.due = time.monotonic() + mock.args.late
            elif found.fileobj is control:
                peer = control.accept()[0]
                buffers[peer] = b""
                sockets.register(peer, selectors.EVENT_READ)
            elif found.data == "resize":
                os.read(found.fd, 4096)
                mock.height = 0
                OUT.write("\x1b[2J\x1b[H")
                mock.paint()
            elif isinstance(caller := found.fileobj, socket.socket):
                if not (data := caller.recv(65536)):
                    sockets.unregister(caller)
                    caller.close()
                    continue
                *lines, buffers[caller] = (buffers[caller] + data).split(b"\n")
                for line in lines:
                    mock.order(line.decode())
                    told = {"dialog": mock.up, "draft": mock.draft, "read": mock.read}
                    caller.sendall(json.dumps(told).encode() + b"\n")
        mock.tick(time.monotonic())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--style", choices=STYLES, default="claude")
    parser.add_argument("--log", default=os.environ.get("MOCK_LOG", os.devnull))
    parser.add_argument("--control", default=os.environ.get("MOCK_CONTROL"))
    for name in ("--seed", "--ambush", "--die"):
        parser.add_argument(name, type=int, default=0)
    for name in ("--swap", "--late", "--ignore", "--mark"):
        parser.add_argument(name, type=float, default=0.0)
    for name in ("--eat-enter", "--hang", "--mute"):
        parser.add_argument(name, action="store_true")
    parser.add_argument("orders", nargs="*", help="given before anything is read")
    args = parser.parse_args()
    before = termios.tcgetattr(0)
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    signal.signal(signal.SIGWINCH, lambda *_: None)
    signal.set_wakeup_fd(write_end)
    sockets = selectors.DefaultSelector()
    sockets.register(read_end, selectors.EVENT_READ, "resize")
    control = socket.socket(socket.AF_UNIX)
    if args.control:
        control.bind(args.control)
        control.listen()
        sockets.register(control, selectors.EVENT_READ)
    with open(args.log, "a") as log:
        mock = Mock(args, log, random.Random(args.seed), STYLES[args.style])
        try:
            tty.setraw(0)
            OUT.write("\x1b[?2004h")
            mock.paint()
            for order in args.orders:
                mock.order(order)
            serve(mock, sockets, control)
        finally:
            mock.note("ended")
            OUT.write("\x1b[?2004l\r\n")
            with contextlib.suppress(OSError):
                OUT.flush()
            termios.tcsetattr(0, termios.TCSADRAIN, before)


if __name__ == "__main__":
    main()
