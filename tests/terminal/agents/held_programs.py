"""Whole programs that are kept aside: no driver, and no rule fitted to them."""

import attrs

from tests.terminal.agents import (
    AGENTS,
    ARROWS,
    DOWN,
    ENTER,
    ESC,
    MODEL,
    RIGHT,
    SETTLE_S,
    UP,
    Agent,
    Dialog,
    asks,
    case,
    menu,
    ready,
    say,
    talks,
)
from tests.terminal.agents.common import LONG, TWO, drafts
from tests.terminal.recorder import Recorder

OPEN_CODEX = [
    "Yes (y)",
    "Yes, always approve this exact command for this session (a)",
    "Edit or give feedback (e)",
    "No, and keep going (n)",
    "No, and stop for now (esc)",
]
CODEX = [
    *OPEN_CODEX[:2],
    "Explain this command (x)",
    OPEN_CODEX[2],
    "Switch approval mode (s)",
    *OPEN_CODEX[3:],
]
APPROVALS = ["suggest", "auto-edit", "full-auto"]


def codex_in_ink(
    cli: str, argv: list[str], sign: str, answers: list[str], models: str
) -> None:
    """The cases of the first Codex CLI, written in TypeScript, or of its fork."""
    stay = "No, and keep going (n)"
    allow = Dialog("Allow command?", answers, sign=stay)
    patch = Dialog("Allow command?", [answers[0], *answers[2:]], sign=stay)
    AGENTS[cli] = Agent(
        [*argv, "--provider", "ollama", "--model", "demo"],
        sign,
        {
            "OLLAMA_BASE_URL": f"{MODEL}/v1",
            "OLLAMA_API_KEY": "demo",
            "OPENAI_API_KEY": "demo",
        },
        dialogs={"run": allow, "write": patch, "edit": patch},
        busy="hinking",
        has_driver=False,
    )
    asks(
        cli,
        "run",
        ("run", [ENTER], "Yes"),
        ("run", ["n"], "No, and keep going"),
        ("run", [*[DOWN] * answers.index(stay), ENTER], "No, and keep going"),
        ("run", [ESC], "No, and stop for now"),
    )
    asks(cli, "files", ("write", ["y"], "Yes"), ("edit", ["n"], "No, and keep going"))
    talks(cli, [ESC, ESC], working="hinking")
    drafts(cli)

    @case(cli, "feedback")
    def feedback(r: Recorder) -> None:
        ready(r, cli)
        say(r, "demo run")
        menu(r, allow)
        r.type("e", "Edit or give feedback")
        r.sleep(2)
        r.moment("dialog", "free_text", "Give the model feedback (↵ to submit):")
        r.type("not now")
        r.sleep(1)
        r.moment("dialog", "free_text", "Give the model feedback (↵ to submit):")
        r.type(ENTER)
        r.sleep(3)
        r.quiet(1.5)
        r.moment("at_rest")

    @case(cli, "menus")
    def menus(r: Recorder) -> None:
        ready(r, cli)
        say(r, "/approval")
        r.sleep(2.5)
        r.moment("dialog", "multi_choice", "Switch approval mode", APPROVALS, 0)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")
        say(r, "/model")
        r.sleep(3)
        r.moment("dialog", "multi_choice", models, ["demo"], 0)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")
        say(r, "/help")
        r.sleep(2)
        r.moment("dialog", "pager")
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")


codex_in_ink(
    "open-codex-0.1.31",
    ["open-codex"],
    "send a message or press tab",
    OPEN_CODEX,
    "Switch model",
)
codex_in_ink("codex-cli-0.1.2505172129", ["codex"], "try: ", CODEX, "Select model")

AGENTS["mini-2.4.6"] = Agent(
    ["mini", "-m", "openai/demo", "-c", "mini.yaml"],
    "What do you want to do?",
    {
        "MSWEA_CONFIGURED": "true",
        "OPENAI_API_BASE": f"{MODEL}/v1",
        "OPENAI_API_KEY": "demo",
        "MSWEA_COST_TRACKING": "ignore_errors",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    },
    has_driver=False,
)
HERMES = "hermes-0.19.0"
AGENTS[HERMES] = Agent(
    ["hermes"],
    "❯",
    {"OPENAI_API_KEY": "demo"},
    {
        ".hermes/config.yaml": f"""
model:
  default: demo
  provider: custom
  base_url: {MODEL}/v1
  api_key: demo
  context_length: 128000
display:
  tips: false
"""
    },
    dialogs={
        "run": Dialog(
            "Dangerous Command",
            [
                "Allow once",
                "Allow for this session",
                "Add to permanent allowlist",
                "Deny",
            ],
            sign="4. Deny",
        ),
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files", "Other (type your answer)"],
            "multi_choice",
            sign="4. Other (type",
        ),
    },
    has_driver=False,
)


def hermes_ready(r: Recorder) -> None:
    """Its last row counts seconds, so it is never quiet."""
    r.wait("/help for commands.", 120)
    r.wait("⏲", 60)
    r.sleep(8)


def hermes_asks(r: Recorder, word: str, keys: list[str], chose: str) -> None:
    """One question, answered by these keys; the arrows make moments of their own."""
    dialog, at = AGENTS[HERMES].dialogs[word], 0

    def note() -> None:
        r.wait(dialog.sign)
        r.sleep(SETTLE_S)
        # It draws all of it again each second: wait until that is done.
        r.until(lambda: dialog.sign in r.text and not r.pump(0.2), dialog.sign)
        r.moment("dialog", dialog.cls, dialog.question, dialog.options, at)

    say(r, f"demo {word}")
    note()
    for key in keys[:-1]:
        r.type(key)
        at += ARROWS[key]
        note()
    r.type(keys[-1], chose)
    r.gone(dialog.sign)
    r.sleep(3)
    r.wait("⏲")
    r.sleep(3)
    r.moment("at_rest")


@case(HERMES, "run")
def hermes_runs(r: Recorder) -> None:
    hermes_ready(r)
    r.moment("at_rest")
    for keys, chose in (
        ([ENTER], "Allow once"),
        ([DOWN, DOWN, DOWN, ENTER], "Deny"),
        ([DOWN, ENTER], "Allow for this session"),
    ):
        hermes_asks(r, "run", keys, chose)


@case(HERMES, "ask")
def hermes_asks_back(r: Recorder) -> None:
    hermes_ready(r)
    r.moment("at_rest")
    hermes_asks(r, "ask", [DOWN, ENTER], "PostgreSQL")


@case(HERMES, "busy")
def hermes_works(r: Recorder) -> None:
    hermes_ready(r)
    say(r, "demo think")
    r.wait("msg=interrupt")
    for _ in range(3):
        r.sleep(1.5)
        r.moment("busy")
    r.type("\x03")
    r.wait("⏲")
    r.sleep(3)
    r.moment("at_rest")
    say(r, "demo slow")
    r.wait("Counting slowly")
    r.sleep(1.5)
    r.moment("busy")
    r.sleep(1.5)
    r.moment("busy")


@case(HERMES, "prose")
def hermes_talks(r: Recorder) -> None:
    hermes_ready(r)
    for word, sign in (
        ("hello", "Tell me what to do."),
        ("question", "older file?"),
        ("quote", "Nothing to do now."),
        ("fail", "The model is ill"),
    ):
        say(r, f"demo {word}")
        r.wait(sign, 120)
        r.wait("⏲", 120)
        r.sleep(4)
        if word == "question":
            r.moment("question", "confirmation", "Should I delete the older file?")
        else:
            r.moment("at_rest", "error_retry" if word == "fail" else None)
    r.type("half a thought")
    r.sleep(2)
    r.moment("at_rest")


@case(HERMES, "drafts")
def hermes_drafts(r: Recorder) -> None:
    hermes_ready(r)
    for text in ("/", "mo", "\x7f\x7f\x7f", TWO, "\x15\x15", LONG):
        r.type(text)
        r.sleep(2.5)
        r.moment("at_rest")


MINI = "mini-2.4.6"


def mini_told(r: Recorder, line: str) -> None:
    """Its first prompt takes several rows: Escape, then Enter sends them."""
    r.wait("Submit message: Esc, then Enter", 120)
    r.sleep(2)
    r.moment("at_rest")
    r.type(line)
    r.sleep(1.5)
    r.moment("at_rest")
    r.type(ESC)
    r.sleep(0.5)
    r.type(ENTER)


def mini_asked(r: Recorder, line: str) -> None:
    """Enter agrees, any other line refuses; then the fake model ends the run."""
    mini_told(r, "demo run")
    r.wait("Execute 1 action(s)?", 120)
    r.sleep(3)
    r.moment("dialog", "permission_request", "Execute 1 action(s)?")
    if line:
        r.type(line)
        r.sleep(1)
        r.moment("dialog", "permission_request", "Execute 1 action(s)?")
    r.type(ENTER, line or "Enter")
    r.sleep(3)


case(MINI, "run")(lambda r: mini_asked(r, ""))
case(MINI, "deny")(lambda r: mini_asked(r, "not now"))


@case(MINI, "busy")
def mini_works(r: Recorder) -> None:
    mini_told(r, "demo think")
    r.wait("Waiting for the LM to respond...", 120)
    for _ in range(3):
        r.sleep(1.5)
        r.moment("busy")
    r.type("\x03")
    r.wait("Interrupted.")
    r.sleep(2)
    r.moment("question", "free_text", "Type a comment/command")


@case(MINI, "drafts")
def mini_drafts(r: Recorder) -> None:
    mini_told(r, f"{LONG}\r{LONG}")


SGPT = "shell-gpt-1.5.1"
AGENTS[SGPT] = Agent(
    ["sgpt", "--repl", "temp", "--shell"],
    ">>>",
    {
        "API_BASE_URL": f"{MODEL}/v1",
        "OPENAI_API_KEY": "demo",
        "DEFAULT_MODEL": "plain",
        "SHELL_INTERACTION": "true",
    },
    has_driver=False,
    is_held=True,
)


@case(SGPT, "prose")
def sgpt_talks(r: Recorder) -> None:
    """Its prompt reads a line, and a letter runs what was proposed last."""
    r.wait(">>>", 120)
    r.sleep(2)
    r.moment("at_rest")
    for word, sign in (
        ("run", "echo built"),
        ("question", "older file?"),
        ("quote", "Nothing to do now."),
    ):
        r.type(f"demo {word}\r")
        r.wait(sign)
        r.sleep(3)
        if word == "question":
            r.moment("question", "confirmation", "Should I delete the older file?")
        else:
            r.moment("at_rest")
    r.type("half a thought")
    r.sleep(1)
    r.moment("at_rest")


@case(SGPT, "busy")
def sgpt_works(r: Recorder) -> None:
    r.wait(">>>", 120)
    r.sleep(1)
    r.type("demo slow\r")
    r.wait("Counting slowly")
    for _ in range(3):
        r.sleep(1.5)
        r.moment("busy")


SGPT_ONCE = attrs.evolve(
    AGENTS[SGPT], argv=["sgpt", "--shell", "--no-cache", "demo run"]
)
AGENTS[SGPT] = SGPT_ONCE


@case(SGPT, "run")
def sgpt_asks(r: Recorder) -> None:
    """One command, and what to do with it."""
    letters = ["Execute", "Modify", "Describe", "Abort"]
    for typed in ("", "m"):
        r.type(typed)
        r.wait("[A]bort:", 120)
        r.sleep(2)
        r.moment("dialog", "permission_request", None, letters)


OCO = "opencommit-3.3.10"
AGENTS[OCO] = Agent(
    ["oco"],
    "opencommit",
    {
        "OCO_AI_PROVIDER": "openai",
        "OCO_API_KEY": "demo",
        "OCO_API_URL": f"{MODEL}/v1",
        "OCO_MODEL": "demo",
    },
    {"../demo/notes.txt": "a note\n", "../demo/plan.txt": "a plan\n"},
    {"../demo/notes.txt": "a note\n"},
    has_driver=False,
    is_held=True,
)


@case(OCO, "run")
def oco_asks(r: Recorder) -> None:
    """Which files, then whether the message is right."""
    stage = Dialog(
        "Do you want to stage all files and generate commit message?",
        ["Yes", "No"],
        "confirmation",
    )
    r.wait(stage.sign, 120)
    menu(r, stage)
    r.type(RIGHT)
    menu(r, stage, 1)
    r.type(ENTER, "No")
    question = "Select the files you want to add to the commit:"

    def note(at: int, *ticks: int) -> None:
        r.wait(question)
        r.sleep(SETTLE_S)
        files = ["notes.txt", "plan.txt"]
        ticked = [i in ticks for i in range(2)]
        r.moment("dialog", "multi_choice", question, files, at, True, ticked)

    note(0)
    r.type(" ", "notes.txt")
    note(0, 0)
    r.type(DOWN)
    note(1, 0)
    r.type(" ", "plan.txt")
    note(1, 0, 1)
    r.type(ENTER, "submit")
    oco_confirms(r)


def oco_confirms(r: Recorder) -> None:
    sure = Dialog("Confirm the commit message?", ["Yes", "No", "Edit"], "confirmation")
    r.wait(sure.sign, 120)
    menu(r, sure)
    r.type(DOWN)
    menu(r, sure, 1)
    r.type(DOWN)
    menu(r, sure, 2)
    r.type(UP)
    menu(r, sure, 1)
    r.type(ENTER, "No")
    r.sleep(4)
    if not r.ended:
        again = Dialog(
            "Do you want to regenerate the message?", ["Yes", "No"], "confirmation"
        )
        menu(r, again)


@case(OCO, "commit", new=True)
def oco_commits(r: Recorder) -> None:
    stage = "Do you want to stage all files and generate commit message?"
    r.wait(stage, 120)
    r.sleep(2)
    r.moment("dialog", "confirmation", stage, ["Yes", "No"], 0)
    r.type(ENTER, "Yes")
    oco_confirms(r)
