"""What is typed for a message."""

from pathlib import PurePath
from typing import Any

import attrs
import pytest

from ant.messages.typed_message import LINE_MAX, PASTE_MAX, TypedMessage, comment
from ant.model.deliveries import DeliveryKind

EVERY = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA1, 0x2028), 0x1F642]))
"""Printable characters, the ones a shell minds among them."""


def typed_message(content: str = "hello", **fields: Any) -> TypedMessage:
    given: dict[str, Any] = {
        "kind": DeliveryKind.LINE,
        "content": content,
        "message_id": "m1",
        "room_id": "r1",
        "room_name": "the room",
        "sender": "@ada",
        "is_named": True,
        **fields,
    }
    return TypedMessage(**given)


def test_a_header_has_the_command_for_a_reply() -> None:
    """With the markers of the original, the sender, and the id of the message."""
    assert typed_message().header() == (
        "[antchat message for you] room: the room -- FROM: @ada"
        ' -- reply with: ant msg r1 --reply-to m1 "…"'
    )
    everybody = typed_message(
        is_named=False, sender=None, parent=("@bo", "what\nis it?")
    )
    assert everybody.header() == (
        "[antchat message for all participants] room: the room -- FROM: somebody"
        " (replying to @bo: what is it?)"
        ' -- reply with: ant msg r1 --reply-to m1 "…"'
    )


def test_a_header_is_one_line() -> None:
    """Whatever characters the names have, and of limited length."""
    line = typed_message(
        sender="a\n\x1b[31mb" + "c" * 500, room_name="r" * 500
    ).header()
    assert line.isprintable()
    assert len(line) < 400


@pytest.mark.parametrize(
    "content", [EVERY, "a\nb\n", "x\n" * 200, "é" * 50_000, "`$(rm)` 'q' \"p\"\t|"]
)
def test_a_paste_is_unmangled(content: str) -> None:
    """A person's message, typed as if by hand, is unchanged."""
    raw = typed_message(content, kind=DeliveryKind.RAW)
    assert content.rstrip() == raw.typed(pastes=True)


@pytest.mark.parametrize("pastes", [True, False])
def test_a_line_is_unmangled(pastes: bool) -> None:
    """After its header."""
    one = typed_message("`$(rm)` 'q' \"p\" |")
    assert f"{one.header()} -- {one.content}" == one.typed(pastes=pastes)


@pytest.mark.parametrize("pastes", [True, False])
@pytest.mark.parametrize("content", ["a\nb", "a\n", "a\tb", "x" * LINE_MAX, "a\x85b"])
def test_a_message_is_one_line(content: str, pastes: bool) -> None:
    """Or in a file, also for a program that takes a paste: it may end meanwhile."""
    assert typed_message(content).typed(pastes=pastes) is None


@pytest.mark.parametrize("char", "$`;|&<>(){}'\"\\!#\n\r\u2028")
def test_names_are_inert(char: str) -> None:
    """Names of room, sender and parent, and the quote, mean nothing to a shell."""
    name = f"a{char}b"
    clean, given = (
        typed_message(parent=("ab", "ab")),
        typed_message(parent=(name, name)),
    )
    for each in ("room_name", "sender"):
        clean, given = (
            attrs.evolve(clean, **{each: "ab"}),
            attrs.evolve(given, **{each: name}),
        )
    assert clean.header() == given.header().replace("a b", "ab")


@pytest.mark.parametrize("kind", DeliveryKind)
@pytest.mark.parametrize(
    ("content", "pastes"),
    [
        ("a\nb", False),
        ("a\tb", False),
        ("x" * LINE_MAX + "y", False),
        ("é" * (LINE_MAX // 2) + "y", False),
        ("x" * PASTE_MAX + "y", True),
        ("a\x1b[201~b", True),
        ("a\r\nb", True),
        ("a\x7fb", True),
        ("a\x9bb", False),
    ],
)
def test_messages_that_cannot_be_typed(
    content: str, pastes: bool, kind: DeliveryKind
) -> None:
    """Long texts, several lines, or characters with a meaning."""
    assert typed_message(content, kind=kind).typed(pastes=pastes) is None


def test_the_whole_line_counts() -> None:
    """Header and message together have to fit."""
    room = LINE_MAX - len(typed_message().header().encode()) - len(" -- ")
    fits, over = typed_message("x" * room), typed_message("x" * (room + 1))
    assert fits.typed(pastes=False) is not None
    assert over.typed(pastes=False) is None


def test_a_comment_is_inert() -> None:
    """It has only a path, of characters that mean nothing to a shell."""
    line = comment(PurePath("/d/m-1_2.txt"))
    assert line == "# ANT: a message for this terminal is in the file /d/m-1_2.txt"
    assert line[1:].replace(" ", "").translate(str.maketrans("", "", "/-_.:")).isalnum()


@pytest.mark.parametrize("char", [*"$`;'\"!\\&|<>()*?[]{}~#^% \t\n\r\x1b\x00", "é"])
def test_a_path_with_a_meaning_to_a_shell_is_not_named(char: str) -> None:
    """The operator may choose any directory; the ledger has the path."""
    assert comment(PurePath(f"/d{char}/m1.txt")) is None


def test_a_note_has_the_header() -> None:
    """And the path of the message's file."""
    one = typed_message()
    line = one.noted(PurePath("/d/m1.txt"))
    assert f"{one.header()} -- the message is in the file /d/m1.txt" == line
