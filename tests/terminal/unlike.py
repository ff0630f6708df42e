"""A verdict and a person's word in one form, and where they are known to differ."""

import json
from pathlib import Path
from typing import Any

import attrs

from ant.terminal.model.prompt import Form, Prompt, Verdict
from tests.terminal.recorded import Moment


@attrs.frozen
class Said:
    """What is there, as far as an answer depends on it."""

    kind: str
    class_: str | None = None
    options: tuple[str, ...] = ()
    selected: int | None = None


def said(moment: Moment) -> Said:
    """What the person said."""
    told: dict[str, Any] = moment.expect
    if told["kind"] not in ("dialog", "question"):
        return Said(told["kind"])
    options = tuple(told["options"])
    return Said(told["kind"], told["class"], options, told["selected"])


def heard(verdict: Verdict) -> Said:
    """What the rules say; a key to press is no option to a person."""
    prompt: Prompt | None = verdict.prompt
    if prompt is None:
        return Said(verdict.kind)
    labels = tuple(option.label for option in prompt.options)
    if prompt.form is Form.KEYS and prompt.class_ == "press_key":
        labels = ()
    return Said(prompt.kind, prompt.class_, labels, prompt.selected)


def _misses() -> dict[str, Said]:
    told: dict[str, list[Any]] = json.loads(MISSES_FILE.read_text())
    return {
        name: Said(kind, class_, tuple(options), selected)
        for name, (kind, class_, options, selected) in told.items()
    }


MISSES_FILE = Path(__file__).parent / "misses.json"
MISSES = _misses()
"""Moments that the rules see otherwise than the person who labelled them: by file and
number. One that is mended fails until it is taken out."""
