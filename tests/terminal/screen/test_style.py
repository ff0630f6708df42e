"""Both screen libraries report the same styles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.screen.emulator import open_screen
from ant.terminal.screen.style import PLAIN, Run, Style, row_of, rows_of
from tests.terminal.screen.test_emulator import Make, both, shown


def test_a_drawing_is_read_in_rows_of_runs() -> None:
    """Adjacent text of one style is one run; other sequences are ignored."""
    drawn = (
        "a\x1b[0m\x1b[1mb\x1b[4mc\x1b[0md\r\n\r\n\x1b]8;;http://x\x1b\\link\x1b[2;1H"
    )
    expected = (
        (Run("a", PLAIN), Run("bc", Style(bold=True)), Run("d", PLAIN)),
        (),
        (Run("link", PLAIN),),
    )
    assert expected == rows_of(drawn)


@pytest.mark.parametrize(
    ("sgr", "style"),
    [
        ("", PLAIN),
        ("31", Style(fg="5;1")),
        ("97", Style(fg="5;15")),
        ("44", Style(bg="5;4")),
        ("100", Style(bg="5;8")),
        ("38;5;200", Style(fg="5;200")),
        ("48;2;10;20;30", Style(bg="2;10;20;30")),
        ("1;2;7", Style(bold=True, dim=True, inverse=True)),
        ("1;2;22", PLAIN),
        ("7;27", PLAIN),
        ("31;39;44;49", PLAIN),
        ("38;5;1;0", PLAIN),
        ("38", Style()),
    ],
)
def test_styles_are_read(sgr: str, style: Style) -> None:
    """The sixteen colours have the same names as in the palette of 256."""
    assert (Run("x", style),) == rows_of(f"\x1b[{sgr}mx")[0]


@pytest.mark.parametrize(
    ("sgr", "style"),
    [
        ("3;4;9", Style(italic=True, underline=True, strike=True)),
        ("3;4;9;23;24;29", PLAIN),
        ("8", Style(hidden=True)),
        ("8;28", PLAIN),
        ("21", Style(underline=True)),
        ("4:3", Style(underline=True)),
        ("4;4:0", PLAIN),
        ("4;58;5;7", Style(underline=True)),
        ("58;2;1;2;7", PLAIN),
        ("38:2::10:20:30", Style(fg="2;10;20;30")),
        ("48:5:200", Style(bg="5;200")),
    ],
)
def test_all_attributes_are_read_for_a_viewer(sgr: str, style: Style) -> None:
    """And for a verdict only the colours; an underline's own colour is none."""
    drawn = f"\x1b[{sgr}mx"
    assert (Run("x", style),) == rows_of(drawn, complete=True)[0]
    assert (Run("x", Style(style.fg, style.bg)),) == rows_of(drawn)[0]


@both
def test_both_screens_have_the_same_styles(make: Make) -> None:
    """A highlighted row, a button, a faint hint; trailing plain blanks are left out."""
    one = shown(
        make,
        b"\x1b[7mlit\x1b[m row  \r\n\x1b[37;44m <Yes> \x1b[m <No>\r\n"
        b"\x1b[2mfaint\x1b[m\x1b[1mB\x1b[48;2;1;2;3m  \x1b[m\r\n"
        + "\x1b[38;5;12m漢é".encode(),
    )
    expected = (
        (Run("lit", Style(inverse=True)), Run(" row", PLAIN)),
        (Run(" <Yes> ", Style("5;7", "5;4")), Run(" <No>", PLAIN)),
        (
            Run("faint", Style(dim=True)),
            Run("B", Style(bold=True)),
            Run("  ", Style(bg="2;1;2;3", bold=True)),
        ),
        (Run("漢é", Style("5;12")),),
        (),
    )
    assert expected == one.styled()


@both
def test_the_runs_of_a_screen_are_its_text(make: Make) -> None:
    """In any style, the characters of a row are those of `text`."""
    one = shown(make, b"a\x1b[31mb  c\x1b[m\r\n\r\n\x1b[7m  \x1b[m x" + b"z" * 30)
    joined = ["".join(run.text for run in row).rstrip(" ") for row in one.styled()]
    assert one.text() == joined


def test_a_picture_has_no_styles() -> None:
    """A colour for each of 48,000 cells: parsing them would delay other work."""
    screen = open_screen(400, 120)
    screen.feed(
        b"".join(b"\x1b[38;2;%d;0;0m" % (n % 256) + b"x" for n in range(48_000))
    )
    rows = screen.styled()
    assert {PLAIN} == {run.style for row in rows for run in row}
    assert screen.text() == [run.text for row in rows for run in row]


@given(st.text(alphabet=" ab", max_size=8), st.booleans())
def test_a_row_loses_only_plain_blanks(text: str, lit: bool) -> None:
    """Blanks with a background of their own stay."""
    row = row_of((char, Style(inverse=lit)) for char in text)
    assert (text if lit else text.rstrip(" ")) == "".join(run.text for run in row)
