"""A spool is read exactly, beside a writer that never waits for its reader."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.tmux import spool_reader
from ant.terminal.tmux.spool_reader import (
    KEPT,
    KEPT_BYTES,
    SpoolReader,
    end_of,
    resume_at,
    segments,
)
from ant.terminal.tmux.spool_writer import SpoolWriter


def fill(folder: Path, **parts: bytes) -> None:
    """Write segments by their offsets, as `_10=b"..."`."""
    for name, data in parts.items():
        (folder / f"{int(name[1:]):020d}.spool").write_bytes(data)


def test_reading_goes_over_segments(tmp_path: Path) -> None:
    """In order, at most `limit` bytes, and nothing where there are none yet."""
    fill(tmp_path, _10=b"abc", _13=b"def")
    reader = SpoolReader(tmp_path, 11)
    assert [reader.take(2) for _ in range(4)] == [b"bc", b"de", b"f", b""]
    assert (reader.offset, reader.hole()) == (16, 0)
    fill(tmp_path, _16=b"g")
    assert reader.take(9) == b"g"


def test_a_gap_is_reported_and_skipped(tmp_path: Path) -> None:
    """No read goes across it; what is behind has its own offset."""
    fill(tmp_path, _0=b"abc", _10=b"xyz")
    reader = SpoolReader(tmp_path, 0)
    assert reader.take(9) == b"abc"
    assert (reader.take(9), reader.hole()) == (b"", 7)
    reader.pass_over(7)
    assert (reader.hole(), reader.offset, reader.take(9)) == (0, 10, b"xyz")


def test_a_gap_may_grow_after_it_was_reported(tmp_path: Path) -> None:
    """Only what was reported is skipped: the caller has counted no more."""
    fill(tmp_path, _0=b"abc", _10=b"")
    reader = SpoolReader(tmp_path, 0)
    assert (reader.take(9), reader.hole()) == (b"abc", 7)
    (tmp_path / f"{10:020d}.spool").unlink()
    fill(tmp_path, _20=b"xyz")
    reader.pass_over(7)
    assert (reader.offset, reader.take(9), reader.hole()) == (10, b"", 10)
    reader.pass_over(10)
    assert (reader.offset, reader.hole(), reader.take(9)) == (20, 0, b"xyz")


def test_late_bytes_of_a_segment_are_no_gap(tmp_path: Path) -> None:
    """A segment grew between the look at its size and the look at the next one."""
    fill(tmp_path, _0=b"abc")
    reader = SpoolReader(tmp_path, 0)
    assert reader.take(9) == b"abc"
    fill(tmp_path, _0=b"abcdef", _6=b"ghi")
    assert reader.hole() == 0
    reader.pass_over(0)
    assert reader.take(9) + reader.take(9) == b"defghi"


def test_stored_segments_are_removed(tmp_path: Path) -> None:
    """Only those that were read, and only up to what is stored."""
    fill(tmp_path, _0=b"abc", _3=b"def", _6=b"ghi")
    reader = SpoolReader(tmp_path, 0)
    while reader.take(2, stored=0):
        pass
    assert segments(tmp_path) == [0, 3, 6]
    assert reader.keeps
    reader.take(2, stored=5)
    assert segments(tmp_path) == [3, 6]
    reader.take(2, stored=9)
    assert segments(tmp_path) == [6]
    assert not reader.keeps


def test_a_later_reader_removes_old_segments(tmp_path: Path) -> None:
    """An earlier server was killed between storing and removing."""
    fill(tmp_path, _0=b"abc", _3=b"def", _6=b"ghi")
    assert SpoolReader(tmp_path, 7).take(9, stored=7) == b"hi"
    assert segments(tmp_path) == [6]


def test_where_to_resume(tmp_path: Path) -> None:
    """At the end of what is stored if the spool has it, else at the next segment."""
    fill(tmp_path, _10=b"abc", _20=b"xyz")
    assert [resume_at(tmp_path, at) for at in (0, 10, 12, 13, 15, 23)] == [
        *(10, 10, 12, 13, 20, 23)
    ]
    assert end_of(tmp_path) == 23
    assert resume_at(tmp_path / "none", 7) == 7
    assert end_of(tmp_path / "none") == 0


def test_a_spool_begins_empty(tmp_path: Path) -> None:
    """The offset of its first byte is known before there is one."""
    spool_reader.begin(tmp_path, 40)
    assert (resume_at(tmp_path, 3), SpoolReader(tmp_path, 40).take(9)) == (40, b"")


@given(
    st.lists(st.binary(max_size=40)),
    st.lists(st.integers(1, 50), min_size=1),
    st.integers(1, 20),
)
def test_any_split_reads_the_same(
    tmp_path_factory: object, parts: list[bytes], limits: list[int], size: int
) -> None:
    """The same bytes at the same offsets, however they were written and are read."""
    folder = tmp_path_factory.mktemp("spool")  # type: ignore[attr-defined]
    spool_reader.begin(folder, 5)
    writer, reader = SpoolWriter(str(folder), 5, 1 << 20, size), SpoolReader(folder, 5)
    seen = b""
    for n, part in enumerate(parts):
        writer.take(part)
        seen += reader.take(limits[n % len(limits)], reader.offset)
    while data := reader.take(7, reader.offset):
        seen += data
    assert seen == b"".join(parts)
    assert reader.offset == writer.offset == 5 + len(seen)
    assert len(segments(folder)) <= 2


def test_what_is_kept_beside_the_output(tmp_path: Path) -> None:
    """The newest, whole, in a file that never grows; it is no segment."""
    reader = SpoolReader(tmp_path, 0)
    assert b"" == reader.kept()
    for data in (b"1 2\n3 4", b"x" * KEPT_BYTES, b"5 6", b""):
        reader.keep(data)
        assert data == SpoolReader(tmp_path, 0).kept()
        assert KEPT_BYTES == (tmp_path / KEPT).stat().st_size
    assert 0o600 == (tmp_path / KEPT).stat().st_mode & 0o777
    assert (b"", 0) == (reader.take(9), reader.hole())
