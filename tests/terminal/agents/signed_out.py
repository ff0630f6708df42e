"""Agent CLIs that do nothing without an account: what they show to one who has none."""

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    SETTLE_S,
    UP,
    Agent,
    Dialog,
    case,
    menu,
)
from tests.terminal.recorder import Recorder

AGENTS["droid"] = Agent(
    ["droid"],
    "",
    {"FACTORY_DROID_AUTO_UPDATE_ENABLED": "false"},
    has_driver=False,
)

AGENTS["auggie"] = Agent(
    ["auggie"], "", {"AUGMENT_DISABLE_AUTO_UPDATE": "1"}, has_driver=False
)

AGENTS["qoder"] = Agent(["qodercli"], "", has_driver=False)


AGENTS["amp"] = Agent(["amp"], "", {"AMP_SKIP_UPDATE_CHECK": "1"}, has_driver=False)


@case("amp", "login")
def amp(r: Recorder) -> None:
    question = "Would you like to log in to Amp?"
    r.wait(question, 40)
    r.sleep(SETTLE_S)
    r.moment("dialog", "tool_auth", question, ["yes", "no"])


@case("droid", "login")
def droid(r: Recorder) -> None:
    dialog = Dialog(
        "Please login with your Factory account to continue.",
        ["Login", "Exit"],
        "tool_auth",
    )
    r.sleep(6)
    r.moment("busy")
    r.type(ENTER)
    r.wait(dialog.sign, 40)
    menu(r, dialog)
    r.type(DOWN)
    menu(r, dialog, 1)
    r.type(UP)
    menu(r, dialog)
    r.type(ENTER, "Login")
    r.wait("Press Enter to try again")
    r.sleep(1)
    failed = "Unable to connect. Is the computer able to access the url?"
    r.moment("dialog", "press_key", failed)


@case("auggie", "login")
def auggie(r: Recorder) -> None:
    dialog = Dialog(
        "New to Augment? You can create an account from the login page.",
        ["Login to continue"],
        "tool_auth",
    )
    r.wait(dialog.sign, 40)
    menu(r, dialog)


@case("qoder", "login")
def qoder(r: Recorder) -> None:
    trust = Dialog(
        "Do you trust the files in this folder?",
        ["Trust folder", "Don't trust and exit"],
        "confirmation",
    )
    login = Dialog(
        "Sign in to get started, or exit the application.",
        ["Sign in to continue", "Exit the application"],
        "tool_auth",
    )
    r.wait(trust.sign, 40)
    menu(r, trust)
    r.type(DOWN)
    menu(r, trust, 1)
    r.type(UP)
    r.sleep(3)
    r.type(ENTER, "Trust folder")
    menu(r, login)
    r.type(DOWN)
    menu(r, login, 1)
