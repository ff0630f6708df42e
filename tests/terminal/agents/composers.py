"""Cases of an agent's composer: a list of commands below it, and drafts in it."""

from tests.terminal.agents import open_case
from tests.terminal.recorder import Recorder

PASTE = "\x1b[200~{}\x1b[201~"

TWO_LINES = "first line of a draft\nand a second one below it"

LONG = "a draft that is longer than the window is wide, " * 3

ERASE = "\x7f"


def composes(cli: str, settle_s: float = 1.5) -> None:
    """Cases of what is typed but not sent: it is at rest, whatever is listed below."""

    @open_case(cli, "composer", rests=True)
    def script(r: Recorder) -> None:
        r.type("/")
        r.sleep(settle_s)
        r.moment("at_rest")
        r.type("mo")
        r.sleep(settle_s)
        r.moment("at_rest")
        for _ in "/mo":
            r.type(ERASE)
            r.sleep(0.2)
        r.sleep(settle_s)
        r.moment("at_rest")
        r.type(PASTE.format(TWO_LINES))
        r.sleep(settle_s)
        r.moment("at_rest")
        for _ in TWO_LINES:
            r.type(ERASE)
        r.sleep(settle_s)
        r.moment("at_rest")
        r.type(LONG.strip())
        r.sleep(settle_s)
        r.moment("at_rest")
