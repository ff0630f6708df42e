"""Characters and bytes: what is shown is whole, what is kept is exact."""

import sys

import pytest

from tests.live.server import shared_server
from tests.live.viewer import Viewer, read_raw, watching

TEXT = "a é ß 漢字仮名 한국어 🐜 👩‍👩‍👧‍👦 🇩🇪 ａｂ z\n"

ONE_BY_ONE = f"""
import os, time, tty
tty.setraw(1)
for byte in {TEXT.encode()!r}:
    os.write(1, bytes([byte]))
    time.sleep(0.003)
"""

EVERY_SPLIT = f"""
import os, time, tty
tty.setraw(1)
data = {TEXT.encode()!r}
for at in range(1, len(data)):
    os.write(1, data[:at])
    time.sleep(0.003)
    os.write(1, data[at:])
"""

BROKEN = b"ok \xff\xfe \xc3( \xe2\x82 \xf0\x9f\x90 \xed\xa0\x80 \x00\x80 end\n\xe6\xbc"


def spans_fit(view: Viewer) -> bool:
    """Whether every frame's `end - offset` is the size of the text it shows."""
    return all(
        len(frame["data"].encode()) == frame["end"] - frame["offset"]
        for frame in view.outputs
    )


@pytest.mark.slow
@pytest.mark.parametrize("program", [ONE_BY_ONE, EVERY_SPLIT])
async def test_characters_written_in_pieces_arrive_whole(program: str) -> None:
    """However emoji and CJK are cut, a frame holds whole characters at its offsets."""
    times = 1 if program is ONE_BY_ONE else len(TEXT.encode()) - 1
    async with shared_server() as server, server.client() as ant:
        command = [sys.executable, "-c", program]
        row = await ant.create("pieces", command=command, start=False)
        async with watching(ant, row["id"], spawnPty=True) as view:
            await view.until_exit()
        assert view.text == TEXT * times
        assert spans_fit(view)
        assert len(view.outputs) > len(TEXT) / 2, "it did come in pieces"
        assert await read_raw(ant, row["id"]) == (TEXT.encode() * times, [])
        # Replayed from the store, and from the middle of it, it is the same.
        async with watching(ant, row["id"]) as again:
            await again.until(lambda v: v.end == view.end)
        assert again.text == view.text
        middle = len("a é ß 漢字".encode())
        async with watching(ant, row["id"], from_=middle) as part:
            await part.until(lambda v: v.end == view.end)
        assert part.data == view.data[middle:]


@pytest.mark.slow
async def test_bytes_that_are_no_text_are_shown_as_such_and_kept_exactly() -> None:
    """Invalid UTF-8 shows U+FFFD in frames, text and raw; `raw_b64` has the bytes."""
    program = f"import os, tty; tty.setraw(1); os.write(1, {BROKEN!r})"
    async with shared_server() as server, server.client() as ant:
        command = [sys.executable, "-c", program]
        row = await ant.create("broken", command=command, start=False)
        async with watching(ant, row["id"], spawnPty=True) as view:
            frame = await view.until_exit()
        assert view.text == BROKEN.decode("utf-8", "replace")
        assert (view.start, view.end, frame["end"]) == (0, len(BROKEN), len(BROKEN))
        assert await read_raw(ant, row["id"]) == (BROKEN, [])
        page = await ant.history(row["id"], raw="true")
        raw = "".join(each["raw"] for each in page["rows"][::-1])
        assert raw == BROKEN.decode("utf-8", "replace")


@pytest.mark.slow
async def test_input_is_raw_in_every_form() -> None:
    """`data`, `data_b64` and an octet-stream body reach the program byte for byte."""
    program = "import os, tty; tty.setraw(0); print('up', flush=True)\n" + (
        "while (got := os.read(0, 999)) != b'q': print(got.hex(), end='.', flush=True)"
    )
    async with shared_server() as server, server.client() as ant:
        row = await ant.create("hex", command=[sys.executable, "-c", program])
        path = f"/api/sessions/{row['id']}/terminal/input"
        async with watching(ant, row["id"]) as view:
            await view.until_text("up")
            await ant.type(row["id"], "é\r\x1b[A")
            await view.until_text("c3a90d1b5b41.")
            await ant.call("POST", path, {"data_b64": "AP+A"})
            await view.until_text("00ff80.")
            await ant.type(row["id"], b"\xfe\x00\n")
            await view.until_text("fe000a.")
            await view.type("🐜\x7f")
            await view.until_text("f09f909c7f.")
            await view.type("q")
            assert (await view.until_exit())["exit_code"] == 0


@pytest.mark.slow
async def test_history_reads_by_word_and_time_without_escapes() -> None:
    """`grep` finds what was shown, `text` has no escapes, `since` cuts by time."""
    program = r"printf '\033[1;31mred\033[0m alpha\n'; printf 'beta Gamma\n'; read x"
    async with shared_server() as server, server.client() as ant:
        row = await ant.create("words", command=["sh", "-c", program])
        async with watching(ant, row["id"]) as view:
            await view.until_text("Gamma")
        page = await ant.history(row["id"])
        assert "".join(each["text"] for each in page["rows"][::-1]) == (
            "red alpha\nbeta Gamma\n"
        )
        found = await ant.history(row["id"], grep="gamma")
        assert (found["mode"], found["count"]) == ("search", 1)
        assert "<mark>Gamma</mark>" in found["rows"][0]["snippet"]
        assert (await ant.history(row["id"], grep="GAMMA"))["rows"] == []
        assert (await ant.history(row["id"], since="1h"))["count"] == page["count"]
        assert (await ant.history(row["id"], before="1h"))["rows"] == []
