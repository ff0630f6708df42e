"""Hidden characters of texts of others."""

import json
import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.core.visible_text import HIDDEN, VISIBLE, escaped

BLANK = set("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
"""Default_Ignorable_Code_Point of Unicode: letters and marks without a shape, but for
the variation selectors of emoji and ideographs."""

JOINERS = "\u200c\u200d"


def test_every_hidden_character_of_this_unicode_is_known() -> None:
    """Controls, format characters and separators of lines, and nothing else."""
    found = re.compile(f"[{HIDDEN}]")
    known = {chr(code) for code in range(sys.maxunicode + 1) if found.match(chr(code))}
    hidden = {
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Zl", "Zp"}
    }
    assert set() == hidden - known
    # What a later Unicode has, and this Python does not know yet.
    others = known - hidden - BLANK
    assert {"Cn"} >= {unicodedata.category(each) for each in others}
    assert known >= BLANK


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain é 漢 🎉", "plain é 漢 🎉"),
        ("a\u202eb", "a\\u202eb"),
        ("\x1b[31m\x9b\x7f\0", "\\u001b[31m\\u009b\\u007f\\u0000"),
        ("a\u2028b\u2029\u200b\ufeff\u00ad", "a\\u2028b\\u2029\\u200b\\ufeff\\u00ad"),
        ("a\u3164\u115fb", "a\\u3164\\u115fb"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("👩\u200d🚀 ❤\ufe0f\u200d🔥", "👩\u200d🚀 ❤\ufe0f\u200d🔥"),
        ("می\u200cخواهم क्\u200dष", "می\u200cخواهم क्\u200dष"),
        ("a\u200db \u200d", "a\\u200db \\u200d"),
        ("é\u200d\u200d", "é\u200d\\u200d"),
    ],
)
def test_hidden_characters_are_spelled(text: str, expected: str) -> None:
    """As JSON spells them; joiners stay where a script or an emoji needs them."""
    assert expected == escaped(text)


def test_some_may_stay() -> None:
    """Lines and tabs of what has them."""
    assert "a\n\tb\\u000d" == escaped("a\n\tb\r", kept="\n\t")


@given(st.text())
def test_nothing_hidden_is_left_fuzz(text: str) -> None:
    """The result is visible as a whole, and only hidden characters change."""
    result = escaped(text)
    assert re.fullmatch(f"{VISIBLE}*", result) or re.search("[\ud800-\udfff]", result)
    if re.fullmatch(f"{VISIBLE}*", text):
        assert text == result


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_stays_the_same_fuzz(text: str) -> None:
    """Rendered JSON may be escaped as a whole."""
    rendered = json.dumps({"a": text}, ensure_ascii=False, indent=2)
    assert {"a": text} == json.loads(escaped(rendered, kept="\n"))
