"""More programs that are kept aside: no driver, and no rule fitted to them."""

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    LEFT,
    MODEL,
    RIGHT,
    SETTLE_S,
    Agent,
    Dialog,
    asks,
    open_case,
    say,
    talks,
)
from tests.terminal.agents.common import drafts, resumes
from tests.terminal.agents.versions import found
from tests.terminal.recorder import Recorder

KON = "kon-0.4.3"
ALLOW_KON = Dialog("Permission required", ["approve", "deny"])
AGENTS[KON] = Agent(
    [
        *("kon", "--provider", "openai", "--base-url", f"{MODEL}/v1"),
        *("-m", "demo", "--api-key", "demo"),
    ],
    "■ prompt",
    dialogs=dict.fromkeys(("run", "write", "edit"), ALLOW_KON),
    busy="Working...",
    ready_s=3,
    turns=True,
    has_driver=False,
    is_held=True,
)
asks(
    KON,
    "run",
    ("run", [ENTER], "approve"),
    ("run", ["n"], "deny"),
    ("run", [RIGHT, ENTER], "deny"),
    ("run", [RIGHT, LEFT, ENTER], "approve"),
    ("run", [ESC], "Esc"),
)
asks(
    KON,
    "files",
    ("write", ["n"], "deny"),
    ("edit", [RIGHT, ENTER], "deny"),
    ("edit", ["y"], "approve"),
)
talks(KON, [ESC], working="Working...")
drafts(KON)
resumes(KON, None, found(r"^ [→ ] (demo \w+) +\d+\w"), anew="/new")


@open_case(KON, "menus")
def kon_menus(r: Recorder) -> None:
    """Lists in place of the status below the composer."""
    levels = ["prompt ✓", "auto"]
    for command, keys, options in (
        ("/permissions", [DOWN], levels),
        ("/model", [], []),
    ):
        say(r, command)
        r.sleep(3)
        shown = options or [
            row[3:].split("  ")[0].strip() for row in r.text.split("\n")[-11:-1]
        ]
        r.moment("dialog", "multi_choice", None, shown, 0)
        for key in keys:
            r.type(key)
            r.sleep(SETTLE_S)
            r.moment("dialog", "multi_choice", None, shown, 1)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")
