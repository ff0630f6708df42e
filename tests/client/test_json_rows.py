"""The typed dictionaries have the fields that the server sends."""

from typing import Any, get_type_hints

import attrs
import pytest

from ant.api.server_frames import CursorPlace
from ant.client import json_rows
from ant.http.routes.terminal import ScreenPage
from ant.model.deliveries import Posted
from ant.model.messages import Message
from ant.model.prompts import PromptDetails, PromptRecord
from ant.model.sessions import Session, TerminalInfo
from ant.model.transcript import InputReceipt
from ant.model.waits import Waited
from ant.runtime.prompt_answers import Responded
from ant.terminal.model.prompt import Option

SOURCES: list[tuple[Any, type]] = [
    (json_rows.TerminalRow, TerminalInfo),
    (json_rows.SessionRow, Session),
    (json_rows.OptionRow, Option),
    (json_rows.DetailsRow, PromptDetails),
    (json_rows.PromptRow, PromptRecord),
    (json_rows.WaitRow, Waited),
    (json_rows.CursorRow, CursorPlace),
    (json_rows.ScreenPageRow, ScreenPage),
    (json_rows.AnswerRow, Responded),
    (json_rows.InputRow, InputReceipt),
    (json_rows.MessageRow, Message),
    (json_rows.PostedRow, Posted),
]


def sent(kind: type) -> set[str]:
    """The names of a class on the wire."""
    names = set()
    for field in attrs.fields(attrs.resolve_types(kind)):
        if field.metadata.get("flat"):
            names |= sent(field.type)  # type: ignore[arg-type]
        else:
            names.add(field.metadata.get("wire", field.name.rstrip("_")))
    return names


@pytest.mark.parametrize(("row", "source"), SOURCES, ids=lambda each: each.__name__)
def test_a_row_has_the_fields_of_its_class(row: Any, source: type) -> None:
    """A field that the server gains or loses changes here, too."""
    assert sent(source) == get_type_hints(row).keys()


@pytest.mark.parametrize(("row", "source"), SOURCES, ids=lambda each: each.__name__)
def test_what_may_be_none_says_so(row: Any, source: type) -> None:
    """So that a type checker asks for the case."""
    hints = get_type_hints(row)
    for field in attrs.fields(attrs.resolve_types(source)):
        name = field.metadata.get("wire", field.name.rstrip("_"))
        if not field.metadata.get("flat"):
            may_be_none = type(None) in getattr(field.type, "__args__", ())
            assert may_be_none is ("None" in str(hints[name])), name
