"""Agent CLIs that talk to `fake_model`, each in a fresh home and a fresh project.

One module for each CLI: how to start it, the text of its dialogs, the cases to record.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from tests.terminal.cases import HELD, RECORDINGS, Case, Script
from tests.terminal.recorder import DEMO, ENV, HOME, Recorder

PORT = 8123

MODEL = f"http://127.0.0.1:{PORT}"

UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"

ESC, ENTER, BACKTAB = "\x1b", "\r", "\x1b[Z"

ARROWS = {UP: -1, DOWN: 1, LEFT: -1, RIGHT: 1}

QUIET_S = 1.5
"""Seconds without output after which an agent is at rest, beyond every driver's."""

SETTLE_S = 1.0
"""Seconds for drawing a screen before a moment is noted: a dialog may spin for ever."""


@attrs.frozen
class Dialog:
    """The dialog that the operator sees when the agent asks for this."""

    question: str
    options: list[str]
    cls: str = "permission_request"
    selected: int = 0
    sign: str = attrs.field()
    """What is on the screen as long as the dialog is, and at no other time."""

    @sign.default
    def _find_sign(self) -> str:
        return self.question


@attrs.frozen
class Agent:
    """How to start a CLI so that it talks to the fake model only."""

    argv: list[str]
    ready: str
    env: dict[str, str] = attrs.field(factory=dict)
    files: dict[str, str] = attrs.field(factory=dict)
    new: dict[str, str] = attrs.field(factory=dict)
    dialogs: dict[str, Dialog] = attrs.field(factory=dict)
    busy: str = ""
    flag: str = ""
    """The `cli_flag` of its driver, where its folder has another name."""
    ready_s: float = 1.0
    """Seconds from `ready` on the screen until the composer takes keys."""
    sign: str = ""
    """The composer's sign, of an agent that loses the keys that are typed too early."""
    turns: bool = False
    """Whether it draws something for ever, so that it is never quiet."""
    has_driver: bool = True
    """False for an agent that no driver is fitted to."""
    is_held: bool = False
    """Whether its recordings are kept aside: nothing is fitted to them."""


def own_provider(
    url: str, key: str = "", *, base: str = f"{MODEL}/v1", **more: Any
) -> dict[str, Any]:
    """Return settings that name the fake model, as JSON or as an environment.

    `url` and `key` are the names that the CLI has for the address and for the key. Some
    have no key.
    """
    return {url: base} | ({key: "demo"} if key else {}) | more


AGENTS: dict[str, Agent] = {}

CASES: list[Case] = []


def version(cli: str, number: str, *, held: bool = False, **changes: Any) -> str:
    """Add another version of a CLI; return its name, which its folders have, too.

    `dialogs` are added to those of the CLI; each other change replaces.
    """
    name, agent = f"{cli}-{number}", AGENTS[cli]
    dialogs = agent.dialogs | changes.pop("dialogs", {})
    AGENTS[name] = attrs.evolve(
        agent, flag=agent.flag or cli, is_held=held, dialogs=dialogs, **changes
    )
    return name


def search_path(name: str) -> str:
    """Return the `PATH` of an agent.

    Each folder of `AGENTS` has programs, or an installation by npm for each name.
    """
    folders = [each for each in os.environ.get("AGENTS", "").split(":") if each]
    own = [f"{each}/{name}/node_modules/.bin" for each in folders]
    return ":".join([*own, *folders, ENV["PATH"]])


def fresh(files: dict[str, str]) -> None:
    """Make a new project with one file under git, and a new home with these files."""
    for folder in (DEMO, HOME):
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir()
    Path(DEMO, "app.py").write_text('print("hello")\n')
    git = ["git", "-C", DEMO, "-c", "user.email=demo@example.invalid"]
    git += ["-c", "user.name=demo"]
    for args in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "Start"]):
        subprocess.run([*git, *args], check=True, env={**os.environ, "HOME": HOME})
    for name, text in files.items():
        Path(HOME, name).parent.mkdir(parents=True, exist_ok=True)
        Path(HOME, name).write_text(text)


def case(
    cli: str,
    name: str,
    *extra: str,
    new: bool = False,
    files: dict[str, str] | None = None,
    argv: list[str] | None = None,
    **more: Any,
) -> Callable[[Script], Script]:
    """Register the decorated script as a recording; a `new` one begins unconfigured.

    `files` replace those of the agent's home, `argv` its own.
    """
    agent = AGENTS[cli]
    home = files or (agent.new if new else agent.files)

    def keep(script: Script) -> Script:
        made = Case(
            f"{cli}/{name}",
            [*(argv or agent.argv), *extra],
            script,
            [agent.argv[0], "--version"],
            (agent.flag or cli) if agent.has_driver else None,
            before=lambda: fresh(home),
            env={"PATH": search_path(cli), **more.pop("env", agent.env)},
            folder=HELD if agent.is_held else RECORDINGS,
            **{"cols": 90, "rows": 30} | more,
        )
        CASES.append(made)
        return script

    return keep


def ready(r: Recorder, cli: str) -> None:
    """Wait until the composer is shown for the first time."""
    r.turns = AGENTS[cli].turns
    r.wait(AGENTS[cli].ready, 90)
    r.sleep(AGENTS[cli].ready_s)
    if sign := AGENTS[cli].sign:
        deadline = time.monotonic() + 60
        while f"{sign} x" not in r.text and time.monotonic() < deadline:
            r.type("x")
            r.sleep(2)
        while f"{sign} x" in r.text and time.monotonic() < deadline:
            r.type("\x7f")
            r.sleep(0.5)
        r.sleep(2)
    r.quiet(QUIET_S)


def open_case(
    cli: str, name: str, *extra: str, rests: bool = False, **more: Any
) -> Callable[[Script], Script]:
    """Register the decorated script as a recording that begins at the composer.

    With `rests` the first moment is at rest. `extra` and `more` are those of `case`.
    """

    def keep(script: Script) -> Script:
        @case(cli, name, *extra, **more)
        def opened(r: Recorder) -> None:
            ready(r, cli)
            if rests:
                r.moment("at_rest")
            script(r)

        return script

    return keep


def say(r: Recorder, line: str) -> None:
    """Type a line in the composer; Enter in the same write would be part of a paste."""
    r.type(line)
    r.wait(line)
    r.sleep(0.6)
    r.type(ENTER)


def menu(r: Recorder, dialog: Dialog, selected: int | None = None) -> None:
    """Wait for the dialog and note it."""
    r.wait(dialog.sign)
    r.sleep(SETTLE_S)
    at = dialog.selected if selected is None else selected
    r.moment("dialog", dialog.cls, dialog.question, dialog.options, at)


def reply(r: Recorder, dialog: Dialog, keys: list[str], chose: str) -> None:
    """Answer what `menu` noted; an arrow makes a moment of its own."""
    at = dialog.selected
    for key in keys[:-1]:
        r.type(key)
        at += ARROWS[key]
        menu(r, dialog, at)
    r.type(keys[-1], chose)
    r.gone(dialog.sign)
    r.sleep(1)
    r.quiet(QUIET_S)
    r.moment("at_rest")


def ask(r: Recorder, cli: str, word: str, *answers: tuple[list[str], str]) -> None:
    """Make the agent ask for this once for each answer, and answer."""
    dialog = AGENTS[cli].dialogs[word]
    for keys, chose in answers:
        say(r, f"demo {word}")
        menu(r, dialog)
        reply(r, dialog, keys, chose)


def asks(cli: str, name: str, *steps: tuple[str, list[str], str], **more: Any) -> None:
    """A case of dialogs and their answers only."""

    @open_case(cli, name, rests=True, **more)
    def script(r: Recorder) -> None:
        for word, keys, chose in steps:
            ask(r, cli, word, (keys, chose))


def talks(
    cli: str,
    interrupt: list[str],
    quoted: str = "2. No",
    working: str = "Counting slowly",
    looks: int = 3,
    thinks: bool = True,
    failure: str = "The model is ill",
) -> None:
    """Cases without a dialog: busy, prose, a quoted menu, a failure.

    `working` is on the screen soon after the agent has begun to talk. `looks` is the
    number of moments while it does; fewer for one that draws all of itself each time.
    `thinks` says whether anything shows that the model has not answered yet. `failure`
    is what the agent says of a request that failed.
    """
    busy = AGENTS[cli].busy

    @open_case(cli, "busy")
    def works(r: Recorder) -> None:
        say(r, "demo slow")
        r.wait(working)
        for _ in range(looks):
            r.sleep(1.3)
            r.moment("busy")
        for key in interrupt:
            r.type(key)
            r.sleep(0.4)
        if busy:
            r.gone(busy)
        r.sleep(2)
        if busy:  # Some show it again after the first key.
            r.gone(busy)
        r.moment("at_rest")
        if not thinks:
            return
        say(r, "demo think")
        if busy:
            r.wait(busy)
        r.sleep(2)
        r.moment("busy")
        r.sleep(2)
        r.moment("busy")

    @open_case(cli, "prose")
    def prose(r: Recorder) -> None:
        say(r, "demo hello")
        r.wait("Tell me what to do.")
        r.sleep(1.5)
        r.moment("at_rest")
        say(r, "demo question")
        r.wait("older file?")
        r.sleep(2)
        question = "Should I delete the older file?"
        r.moment("question", "confirmation", question)
        say(r, "demo quote")
        r.wait(quoted)
        r.sleep(2.5)
        r.moment("at_rest")
        say(r, "demo fail")
        r.wait(failure)
        r.sleep(2)
        r.moment("at_rest", "error_retry")
        r.type("half a thought")
        r.wait("half a thought")
        r.quiet(QUIET_S)
        r.moment("at_rest")


def sizes(cli: str) -> None:
    """The permission dialog in a narrow window, and in one that is resized."""
    dialog = AGENTS[cli].dialogs["run"]

    @open_case(cli, "narrow", cols=60, rows=24, rests=True)
    def narrow(r: Recorder) -> None:
        ask(r, cli, "run", ([DOWN, DOWN, ENTER], dialog.options[2]))

    @open_case(cli, "resized")
    def resized(r: Recorder) -> None:
        say(r, "demo run")
        menu(r, dialog)
        for cols, rows in ((60, 24), (120, 40), (90, 30)):
            r.resize(cols, rows)
            r.sleep(0.7)
            menu(r, dialog)
        reply(r, dialog, [ESC], "Esc")
        r.resize(70, 20)
        r.sleep(1.5)
        r.moment("at_rest")
