"""The recordings that are kept aside: nothing is fitted to them, and labels hold."""

import re

import pytest

from ant.terminal.agents.driver import drivers
from tests.terminal.cases import HELD
from tests.terminal.recorded import recordings

KINDS = {"dialog", "question", "at_rest", "busy", "quiet_unknown"}


def test_no_driver_is_fitted_to_a_version_kept_aside() -> None:
    """A driver names the versions that it was made from."""
    for recording in recordings(HELD):
        driver = drivers().get(recording.driver or "")
        words = re.sub(r"[(),]", " ", recording.version).split()
        assert driver is None or not {*words} & {*driver.recorded}, recording.name


@pytest.mark.slow
def test_an_option_is_on_the_screen() -> None:
    """A label says what a person sees: each option's words stand there, in order."""
    for recording in recordings(HELD):
        for number, (moment, snapshot) in enumerate(recording.looks()):
            expect, name = moment.expect, f"{recording.name}#{number}"
            assert expect["kind"] in KINDS, name
            at = expect["selected"]
            assert at is None or at < len(expect["options"]), name
            shown = letters(" ".join(snapshot.lines))
            for option in expect["options"]:
                assert letters(option) in shown, f"{name}: {option}"


def letters(text: str) -> str:
    """The text without blanks, frames and the brackets of a key, as in `(N)o`."""
    return re.sub(r"[\s│┃█▄▅▆▇▃()\[\]]", "", text)
