"""What a screen costs: speed of each adapter, memory of a screen, time to draw it."""

import gc
import time
from pathlib import Path

from ant.terminal.screen.emulator import ADAPTERS, ScreenEmulator

COLS, ROWS = 120, 40
MEBIBYTES = 32
SCREENS = 100
PIECE = 65536
PROMPT = b"\x1b[?2004h\x1b]0;me@host: ~\x07\x1b[01;32mme@host\x1b[00m:~$ "


def text() -> bytes:
    """Ordinary lines, as `cat` of a log."""
    line = (
        b"the quick brown fox jumps over the lazy dog 0123456789 \xe2\x9c\x93 done\r\n"
    )
    return (line * (PIECE // len(line) + 1))[:PIECE]


def tui() -> bytes:
    """Frames as an agent draws them: a spinner, colours, a few rows at a time."""
    frames = []
    for frame in range(200):
        frames.append(b"\x1b[?2026h\x1b[?25l\x1b[%d;1H" % (frame % 30 + 1))
        for row in range(8):
            colour = b"\x1b[38;2;%d;%d;%dm" % (frame, row * 30, 99)
            words = f"{'⠋⠙⠹⠸'[frame % 4]} step {frame}.{row} 漢字".encode()
            frames.append(b"\x1b[2K\x1b[1m" + colour + words + b"\x1b[0m\r\x1b[1B")
        frames.append(b"\x1b[40;3H> \x1b[7m \x1b[27m\x1b[?25h\x1b[?2026l")
    return b"".join(frames)


def resident_kib() -> int:
    """What this process holds now."""
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1])
    raise OSError("no Rss")


def speed(screen: ScreenEmulator, data: bytes) -> float:
    """MiB a second of feeding this over and over, a read's worth at a time."""
    rounds = max((MEBIBYTES << 20) // len(data), 1)
    start = time.perf_counter()
    for _ in range(rounds):
        for at in range(0, len(data), PIECE):
            screen.feed(data[at : at + PIECE])
    return rounds * len(data) / (1 << 20) / (time.perf_counter() - start)


def micros(call: object, times: int = 200) -> float:
    """Microseconds of one call, the mean of many."""
    assert callable(call)
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times * 1e6


async def main() -> None:
    for adapter in ADAPTERS:
        name = getattr(adapter, "__name__", "?")
        screen = adapter(COLS, ROWS)
        print(f"{name}, {COLS}x{ROWS}")
        rates = {each.__name__: speed(screen, each()) for each in (text, tui)}
        print("  feed: " + ", ".join(f"{k} {v:.0f} MiB/s" for k, v in rates.items()))
        print(f"  after {2 * MEBIBYTES} MiB: ansi {micros(screen.ansi):.0f} us", end="")
        print(f" ({len(screen.ansi())} bytes), text {micros(screen.text):.0f} us")
        screen.feed(b"\x1b[?1049h" + tui()[:PIECE])
        print(f"  with two screens: ansi {micros(screen.ansi):.0f} us")
        print(f"  make: {micros(lambda make=adapter: make(COLS, ROWS)):.0f} us")
        del screen
        gc.collect()
        before = resident_kib()
        held = [adapter(COLS, ROWS) for _ in range(SCREENS)]
        for data, state in (
            (PROMPT, "at a prompt"),
            (text(), "full of text"),
            (b"\x1b[?1049h" + tui(), "and the alternate screen"),
        ):
            for screen in held:
                screen.feed(data)
            each = (resident_kib() - before) / SCREENS
            print(f"  memory {state}: {each:.0f} KiB")
        del screen, held
        gc.collect()
        print(f"  left after freeing {SCREENS}: {resident_kib() - before} KiB")
