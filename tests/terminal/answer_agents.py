"""Answers real agent CLIs through a real server, and counts what came of it.

Run `AGENTS=<folders> python -m tests.terminal.answer_agents [--times N] [NAME …]`. Each
CLI of `tests.terminal.agents` talks to `fake_model` only. A message in a room makes it
ask. The answer goes through REST. The file system, or the result that the model gets,
shows what the CLI did:

    right     what was meant happened
    refused   ANT pressed no key, and said why
    ignored   the dialog stayed, and nothing happened
    wrong     something else happened

`renewed` counts answers that came while the agent drew its dialog again, under another
id: ANT pressed no key, and the answer was given again. `unasked` counts messages after
which no dialog was seen, `empty` dialogs without options, which these agents do not
have. `reacted` counts messages that ANT typed and saw accepted. `unresolved` counts
answers after which the prompt stayed for a while. Each answer comes at once.
"""

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

import attrs
import trio

from ant.client import AntClient
from ant.core.errors import AlreadyAnswered, AntError, PromptChanged
from tests.live.server import start_server
from tests.live.waiting import eventually
from tests.terminal.agents import AGENTS, ESC, MODEL, fresh, search_path
from tests.terminal.record_agents import load, model
from tests.terminal.recorder import DEMO, ENV

START_S, ASK_S, SETTLE_S = 180.0, 60.0, 60.0
"""How long a CLI may take to be at rest, to ask, and to do what was answered."""

AGAIN_S = 0.25
"""Between two looks, so that the server and the CLI get the processor."""

STILL_S = 2.0
"""How long nothing must have happened after a denial."""

Json = dict[str, Any]
Seen = Callable[[], bool]

HELLO, OLD, NOTES = (Path(DEMO, name) for name in ("hello.txt", "old.log", "notes.txt"))
APP = Path(DEMO, "app.py")
CHOICES = ("SQLite", "PostgreSQL", "Plain files")


def prepare() -> None:
    """Put the project in the state in which every answer shows."""
    for path in (HELLO, NOTES):
        path.unlink(missing_ok=True)
    OLD.write_text("old\n")
    APP.write_text('print("hello")\n')


def ran() -> bool:
    return HELLO.exists() and not OLD.exists()


def wrote() -> bool:
    return NOTES.exists() and NOTES.read_text().startswith("first line\nsecond line")


def edited() -> bool:
    return "good day" in APP.read_text()


def chose(label: str) -> Seen:
    """Whether the model was told this choice and no other one."""

    def look() -> bool:
        told = json.loads(urlopen(f"{MODEL}/heard").read())["heard"]
        found = [each for each in CHOICES if f"{each}" in told.replace("\\", "")]
        return found == [label]

    return look


@attrs.frozen
class Step:
    """What the agent is made to ask, the answer, and what shows that it was done.

    `label` selects the option that begins so. `is_done` must hold afterwards; for a
    denial it must not hold, after `STILL_S` at rest.
    """

    word: str
    answer: Json
    is_done: Seen
    denies: bool = False
    label: str = ""


DONE = {"run": ran, "write": wrote, "edit": edited}


def steps(name: str) -> list[Step]:
    """One round of answers for this CLI."""
    dialogs = AGENTS[name].dialogs
    made = []
    for word in ("run", "write", "edit"):
        if word in dialogs:
            done = DONE[word]
            made += [
                Step(word, {"type": "approve"}, done),
                Step(word, {"type": "deny"}, done, True),
            ]
    first = dialogs["run"].options[0]
    made.append(Step("run", {"type": "select"}, ran, label=first))
    if "ask" in dialogs and not name.startswith("codex"):
        made += [
            Step("ask", {"type": "select"}, chose(label), label=label)
            for label in CHOICES
        ]
    return made


@attrs.define
class Desk:
    """One CLI in a session of a server, and the counts of its answers."""

    ant: AntClient
    name: str
    counts: Counter[str] = attrs.field(factory=Counter)
    notes: list[str] = attrs.field(factory=list)
    session: Json = attrs.field(factory=dict)
    room: Json = attrs.field(factory=dict)
    starts: int = 0

    async def start(self) -> None:
        """Start the CLI in a fresh home and project, and wait until it is at rest."""
        agent = AGENTS[self.name]
        fresh(agent.files)
        path = search_path(self.name)
        program = shutil.which(agent.argv[0], path=path)
        self.session = await self.ant.create(
            self.name,
            command=[program or agent.argv[0], *agent.argv[1:]],
            root_dir=DEMO,
            env={**ENV, **agent.env, "PATH": path},
            cols=100,
            rows=40,
            cli_flag=agent.flag or self.name,
            hooks=False,  # Each answer goes by keys.
        )
        self.starts += 1
        self.room = await self.ant.create(f"room {self.starts}", "chat")
        route = f"/api/sessions/{self.room['id']}/participants"
        await self.ant.call("POST", route, {"session_id": self.session["id"]})
        try:
            await self.rest(START_S)
            await self.warm_up()
        except trio.TooSlowError:
            print(await self.shown(), flush=True)
            raise

    async def warm_up(self) -> None:
        """Wait until the composer takes keys, which some show before they do.

        Raises `trio.TooSlowError`.
        """
        agent = AGENTS[self.name]
        await trio.sleep(agent.ready_s)  # omp shows what is typed, and ignores Enter.
        if agent.sign:  # Cline loses what is typed before its hub runs.
            await self.type_until("x", f"{agent.sign} x", is_there=True)
            await self.type_until("\x7f", f"{agent.sign} x", is_there=False)
            await self.rest(START_S)

    async def type_until(self, key: str, text: str, *, is_there: bool) -> None:
        """Type a key again until the screen shows a text, or no longer shows it."""

        async def look() -> bool:
            found = await self.ant.explain(self.session["id"])
            return is_there == any(text in each for each in found["lines"])

        with trio.fail_after(START_S):
            while not await look():
                await self.ant.type(self.session["id"], key)
                with trio.move_on_after(STILL_S):
                    await eventually(look, START_S)

    async def stop(self) -> None:
        await self.ant.remove(self.session["id"])

    async def shown(self) -> str:
        """Its screen, and what ANT says of it."""
        found = await self.ant.screen(self.session["id"])
        state = await self.ant.explain(self.session["id"])
        rows = "\n".join(state["lines"])
        return f"{rows}\n{state['kind']} {state['rule']} {found['cursor']}"

    async def status(self) -> Json:
        route = f"/api/sessions/{self.session['id']}/status"
        found: Json = await self.ant.call("GET", route)
        return found

    async def rest(self, patience_s: float) -> None:
        """Until the agent is at rest. Raises `trio.TooSlowError`."""

        async def look() -> bool:
            found = (await self.status())["agent_status"]
            return found is not None and bool(found["state"] == "ready")

        await eventually(look, patience_s, AGAIN_S)

    async def dialog(self) -> Json:
        """The dialog with options that waits, once one does.

        Dialogs without options are counted as `empty`: this agent asks with options.
        Raises `trio.TooSlowError`.
        """
        empty = set()

        async def look() -> Json | None:
            prompt: Json | None = (await self.status())["prompt"]
            if prompt is None or prompt["kind"] != "dialog":
                return None
            if not prompt["options"]:
                empty.add(prompt["id"])
                return None
            return prompt

        try:
            found: Json = await eventually(look, ASK_S, AGAIN_S)
        finally:
            self.counts["empty"] += len(empty)
        return found

    async def say(self, word: str) -> None:
        """Post a message that makes the agent ask, and count what became of it."""
        posted = await self.ant.post(self.room["id"], f"demo {word}")
        route = f"/api/sessions/{self.session['id']}/deliveries"

        async def look() -> Json | None:
            page = await self.ant.call("GET", route, limit=1000)
            found: Json = next(
                each
                for each in page["deliveries"]
                if each["message_id"] == posted["id"]
            )
            waits = found["state"] in ("queued", "typed", "submitted") or (
                found["state"] == "withheld" and not found["final"]
            )
            return None if waits else found

        try:
            self.counts[(await eventually(look, ASK_S, AGAIN_S))["state"]] += 1
        except trio.TooSlowError:
            self.counts["undelivered"] += 1
            page = await self.ant.call("GET", route, limit=1000)
            self.notes.append(f"undelivered: {word} {page['deliveries'][-1]}")

    async def answer(self, step: Step) -> str:
        """Answer what the agent asks; say what came of it."""
        prepare()
        await self.say(step.word)
        try:
            prompt = await self.dialog()
        except trio.TooSlowError:
            return await self.give_up("unasked", step)
        body = dict(step.answer)
        if step.label:
            options = [each["label"] for each in prompt["options"]]
            body["choice"] = {
                "label": next((o for o in options if o.startswith(step.label)), "")
            }
        try:
            await self.respond(prompt, body)
        except (AlreadyAnswered, PromptChanged) as exc:
            self.notes.append(f"renewed: {step.word} {step.answer} {exc}")
            self.counts["renewed"] += 1
            return await self.answer_anew(step, body)
        except AntError as exc:
            return await self.give_up("refused", step, f"{exc}")
        return await self.see(step)

    async def respond(self, prompt: Json, body: Json) -> None:
        """Answer a prompt, and count an answer after which it stays."""
        found = await self.ant.respond(self.session["id"], prompt["id"], **body)
        self.counts["unresolved"] += not found["resolved"]

    async def answer_anew(self, step: Step, body: Json) -> str:
        """Answer the dialog that the agent drew again under another id."""
        try:
            prompt = await self.dialog()
            await self.respond(prompt, body)
        except (AntError, trio.TooSlowError) as exc:
            return await self.give_up("refused", step, f"{exc}")
        return await self.see(step)

    async def see(self, step: Step) -> str:
        """Wait for what was answered, and say whether it came."""
        try:
            if step.denies:
                await self.rest(SETTLE_S)
                await trio.sleep(STILL_S)
                return await self.judge(not step.is_done(), step)
            await eventually(step.is_done, SETTLE_S)
            await self.rest(SETTLE_S)
        except trio.TooSlowError:
            return await self.judge(step.is_done() is not step.denies, step)
        return "right"

    async def judge(self, is_right: bool, step: Step) -> str:
        if is_right:
            return "right"
        is_open = (await self.status())["needs_input"]
        return await self.give_up("ignored" if is_open else "wrong", step)

    async def give_up(self, what: str, step: Step, why: str = "") -> str:
        """Note the screen, and start the CLI anew."""
        self.notes.append(
            f"{what}: {step.word} {step.answer} {why}\n{await self.shown()}"
        )
        await self.ant.type(self.session["id"], ESC)
        await self.stop()
        await self.start()
        return what


async def drive(name: str, times: int) -> Counter[str]:
    """Answer one CLI `times` times; return the counts, and print what went wrong."""
    with TemporaryDirectory(prefix="ant-answers-") as folder:
        server = await start_server(
            Path(folder, "data"), ANT_ROOM_POSTS_PER_MINUTE="0", ANT_MAX_HOPS="0"
        )
        try:
            async with server.client() as ant:
                desk = Desk(ant, name)
                await desk.start()
                plan = steps(name)
                for at in range(times):
                    came = await desk.answer(step := plan[at % len(plan)])
                    desk.counts[came] += 1
                    print(name, at, step.word, step.answer, step.label, came)
                    while desk.notes:
                        print(desk.notes.pop(0), flush=True)
                await desk.stop()
        finally:
            await server.stop()
    return desk.counts


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--times", type=int, default=10, help="answers for each CLI")
    args = parser.parse_args(argv)
    load()
    total: Counter[str] = Counter()
    with model():
        for name in args.names or AGENTS:
            try:
                counts = trio.run(drive, name, args.times)
            except trio.TooSlowError:
                counts = Counter(unstarted=1)
            print(name, dict(counts), flush=True)
            total += counts
    print("all", dict(total))
    if total["wrong"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
