"""A driver file is tried on stored screens, and changes nothing else."""

from pathlib import Path

import pytest

from ant.api.session_requests import CreateSession
from ant.core.errors import Conflict, Invalid, NotFound
from ant.history.driver_check import check, check_content, check_on_session
from ant.history.recordings import RecordedScreen, read_recordings
from ant.model.sessions import SessionId, SessionType
from ant.sessions.sessions import create_session
from ant.store import Store
from ant.terminal.agents.driver import driver_of, drivers
from ant.terminal.model.prompt import Kind
from tests.terminal.drawn import RAW, look_at
from tests.terminal.recorded import FOLDER

MINE = """
name = "mine"
programs = ["agent"]
inline = true
[[busy]]
id = "works"
pattern = '^\\* Working'
[[composer]]
id = "composer"
pattern = '^mine>(\\s|$)'
[[dialog]]
id = "permission"
pattern = 'Run this command'
class = "permission_request"
"""


def test_each_screen_has_its_rule_and_rows() -> None:
    """The driver judges its own program, and each pattern is counted."""
    rest = look_at("Mine", "mine> ", tty=RAW)
    busy = look_at("* Working", "mine> ", tty=RAW, quiet_s=0.1)
    asks = look_at("Run this command?", "❯ 1. Yes", "  2. No", hidden=True, tty=RAW)
    screens = [
        RecordedScreen(place, snapshot, expected)
        for place, snapshot, expected in (
            ("a#0", rest, Kind.AT_REST),
            ("a#1", busy, Kind.AT_REST),
            ("a#2", asks, None),
        )
    ]
    found = check(check_content(MINE, "mine.toml"), screens)
    assert ("mine", ("agent",), False) == (found.name, found.programs, found.replaces)
    first, second, third = found.screens
    assert (Kind.AT_REST, "mine/composer", (1,)) == (first.kind, first.rule, first.rows)
    assert ("mine>",) == first.evidence
    assert (Kind.BUSY, Kind.AT_REST) == (second.kind, second.expected)
    assert (Kind.DIALOG, "mine/permission") == (third.kind, third.rule)
    assert all(each.uses_driver for each in found.screens)
    uses = {(each.key, each.id): each.screens for each in found.rules}
    counted = {
        ("busy", "works"): 1,
        ("composer", "composer"): 2,
        ("dialog", "permission"): 1,
    }
    assert counted == uses


def test_the_drivers_in_use_stay() -> None:
    """A driver that is tried is used for the check only."""
    before = dict(drivers())
    check(check_content(MINE, "mine.toml"), [])
    assert before == drivers()
    assert driver_of("agent") is None


def test_our_own_drivers_pass_their_recordings() -> None:
    """A user's copy of a file of ANT sees what ANT's own file sees."""
    text = (Path("ant/terminal/agents") / "nanocoder.toml").read_text()
    screens = read_recordings(FOLDER / "nanocoder-1.25.2")
    found = check(check_content(text, "nanocoder.toml"), screens)
    assert found.replaces
    assert all(each.uses_driver for each in found.screens)
    assert all(each.expected == each.kind for each in found.screens)
    assert {0} != {each.screens for each in found.rules}


def test_a_mistake_is_named() -> None:
    """One sentence with the file and the key."""
    with pytest.raises(ValueError, match=r"^mine.toml: bussy: unknown key; "):
        check_content('name = "mine"\nbussy = 1', "mine.toml")


def test_a_session_that_does_not_exist(store: Store) -> None:
    """The file is checked first."""
    session = SessionId("nothing")
    with pytest.raises(Invalid, match=r"^a.toml: name: expected .* at \$\.content$"):
        store.read(check_on_session, session, "name = 1", "a.toml", None)
    with pytest.raises(NotFound):
        store.read(check_on_session, session, MINE, "a.toml", None)


def test_a_session_without_a_verdict(store: Store) -> None:
    """Nothing can be tried there."""
    ask = CreateSession(name="one", type=SessionType.TERMINAL)
    session = store.transact(create_session, ask, "sh")
    with pytest.raises(Conflict, match="Nothing is stored"):
        store.read(check_on_session, session.id, MINE, "a.toml", None)
