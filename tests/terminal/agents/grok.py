"""Grok CLI by vibe-kit: its dialogs and its cases."""

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    MODEL,
    Agent,
    Dialog,
    asks,
    case,
    menu,
    ready,
    say,
    talks,
)
from tests.terminal.agents.composing import composes
from tests.terminal.recorder import Recorder

CLI = "grok-cli"
PERMISSION = Dialog(
    "Do you want to proceed with this operation?",
    ["Yes", "Yes, and don't ask again this session", "No", "No, with feedback"],
    sign="Enter select",
)
AGENTS[CLI] = Agent(
    ["grok"],
    "Ask me anything...",
    {"GROK_BASE_URL": f"{MODEL}/v1", "GROK_API_KEY": "demo", "GROK_MODEL": "demo"},
    dialogs={"run": PERMISSION, "write": PERMISSION, "edit": PERMISSION},
)

asks(
    CLI,
    "run",
    ("run", [ENTER], "Yes"),
    ("run", [DOWN, DOWN, ENTER], "No"),
    ("run", [ESC], "Esc"),
)

asks(CLI, "files", ("write", [ENTER], "Yes"), ("edit", [ESC], "Esc"))

talks(CLI, [ESC], working="esc to interrupt")


@case(CLI, "deny")
def denies_with_words(r: Recorder) -> None:
    """The last option opens a text to type, from which Escape does not lead back."""
    ready(r, CLI)
    say(r, "demo write")
    menu(r, PERMISSION)
    for at in (1, 2, 3):
        r.type(DOWN)
        menu(r, PERMISSION, at)
    r.type(ENTER, "No, with feedback")
    r.wait("Type your feedback")
    r.sleep(1)
    question = "Type your feedback and press Enter, or press Escape to go back."
    r.moment("dialog", "free_text", question)
    r.type("not now")
    r.sleep(0.6)
    r.type(ENTER, "not now")
    r.wait("That worked as asked.")
    r.sleep(1.5)
    r.moment("at_rest")


composes(CLI)
