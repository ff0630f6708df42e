"""The width of characters is that of the terminal library."""

import unicodedata

import pytest

from ant.terminal.screen.char_width import char_width
from tests.terminal.screen.test_emulator import GHOSTTY, Make


@pytest.mark.parametrize(
    ("char", "columns"),
    [
        *[("a", 1), ("é", 1), ("漢", 2), ("🙂", 2), ("─", 1), ("한", 2), ("\u1100", 2)],
        *[("\u0301", 0), ("\u200d", 0), ("\ufe0f", 0), ("\u3099", 0), ("\u1161", 0)],
        *[("\xad", 1), ("\u0600", 1), ("\u061c", 0)],
    ],
)
def test_a_character_has_a_width(char: str, columns: int) -> None:
    """Accents, joiners, voiced kana and Hangul vowels take no column."""
    assert columns == char_width(char)


@pytest.mark.parametrize("make", [GHOSTTY])
@pytest.mark.parametrize("text", ["がぎ", "한글", "é", "a\xadb", "漢字"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_composed_and_decomposed_text_have_one_width(
    make: Make, text: str, form: str
) -> None:
    """The cursor of the terminal library is where the widths end."""
    screen = make(20, 1)
    text = unicodedata.normalize(form, text)
    screen.feed(text.encode())
    assert screen.cursor.col == sum(map(char_width, text))
