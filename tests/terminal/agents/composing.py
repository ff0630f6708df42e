"""Cases in which something is typed at rest and not sent."""

from tests.terminal.agents import open_case
from tests.terminal.recorder import Recorder

LONG = (
    "please read app.py and say which greeting it prints, and then say whether "
    "another word would be the better one"
)
"""A draft of two rows, on a screen of ninety columns."""

BACKSPACE, CLEAR = "\x7f", "\x15"


def composes(cli: str, clear: str = CLEAR) -> None:
    """The list of slash commands, and a draft that wraps; `clear` empties it."""

    @open_case(cli, "composer", rests=True)
    def composer(r: Recorder) -> None:
        r.type("/")
        r.sleep(1.5)
        r.moment("at_rest")
        r.type(BACKSPACE)
        r.sleep(1)
        r.moment("at_rest")
        r.type(LONG)
        r.sleep(1.5)
        r.moment("at_rest")
        r.type(clear)
        r.sleep(1)
