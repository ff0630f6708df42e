"""Pictures of the page, from a real server with programs that ask: `make screenshots`.

    python -m tests.web.screenshots FOLDER

It takes each screen for a desk and a phone, in light and dark, twice: of a calm day
(`calm-…`), and of one with fifty sessions, long questions and foreign scripts
(`hard-…`). Look at them before a change of the page lands. The pictures of the README
are two of the first, in `docs/images/`. The agents are the mocks of `tests/mocks`,
which draw what the real ones draw; the other programs are real.
"""

import argparse
import json
import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from tests.mocks.named import mock_agent
from tests.web.browser import DESKTOP, PHONE, ROOT, WebServer, chromium, web_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IMAGES = ROOT / "docs" / "images"
README = ("inbox", "terminal")

PATIENCE_S = 60.0
SETTLE_MS = 1000
"""How long a screen may take to draw what it was sent; nothing moves after that."""

PROMPT = r"PS1='\[\e[32m\]\w\[\e[0m\] $ '"
WORK = (
    "git init -q && git add . && git commit -qm 'First files' && clear",
    "ls --color=always -l",
    "git log --oneline --stat",
    "python3 -m unittest -v test_app.py",
)
FILES = {
    "README.md": "# API server\n\nIt serves the API.\n",
    "app.py": "def add(one: int, two: int) -> int:\n    return one + two\n",
    "test_app.py": """\
import unittest
from app import add

class Sums(unittest.TestCase):
    def test_small(self):
        self.assertEqual(3, add(1, 2))

    def test_zero(self):
        self.assertEqual(0, add(0, 0))
""",
}
LONG_QUESTION = "\n".join(
    f"{n:2}. The step {n} changes {n * 3} files below services/module_{n}/, and "
    "removes the tables that nobody reads any more."
    for n in range(1, 41)
)
STRANGE = {
    "設計レビュー・画面": "この変更を適用しますか？ [y/N] ",
    "مراجعة التصميم": "هل تريد المتابعة؟ [y/N] ",
    f"a-name-that-is-longer-than-any-column-would-like-{'x' * 60}": (
        f"Overwrite /a/very/long/path/{'folder/' * 20}file.txt? [y/N] "
    ),
    "forty lines": f"{LONG_QUESTION}\nGo on with all of them? [y/N] ",
}
"""Names, and what their programs ask."""


def until(found: Callable[[], Any]) -> Any:
    """What a function returns once it is true; fails after `PATIENCE_S`."""
    end = time.monotonic() + PATIENCE_S
    while not (value := found()):
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)
    return value


@attrs.define(eq=False)
class World:
    """A server with sessions and rooms, as a person has them at noon."""

    folder: Path
    server: WebServer
    ids: dict[str, str] = attrs.field(factory=dict)

    def project(self, name: str) -> str:
        """A folder with a few files; its path."""
        place = self.folder / name
        place.mkdir(exist_ok=True)
        for file, text in FILES.items():
            (place / file).write_text(text)
        return str(place)

    def agent(self, name: str, style: str, project: str, order: str) -> None:
        """A mock agent in a project, that has been given an order."""
        own = self.folder / f"agent-{name}"
        own.mkdir()
        command = mock_agent(own, style)
        where = self.project(project)
        row = self.server.create(name, *command, type="agent", root_dir=where)
        self.ids[name] = row["id"]
        until((own / "s").exists)
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(own / "s"))
            control.sendall(f"{order}\n".encode())
            json.loads(control.makefile().readline())

    def program(self, name: str, *command: str, project: str = "site") -> str:
        """A real program in a project; the id of its session."""
        row = self.server.create(name, *command, root_dir=self.project(project))
        self.ids[name] = row["id"]
        return str(row["id"])

    def shell(self, name: str, project: str, *lines: str) -> None:
        """A shell in which these commands have run."""
        env = {"HOME": str(self.folder), "GIT_PAGER": "cat", "PAGER": "cat"}
        env |= {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org"}
        env |= {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}
        row = self.server.create(
            name,
            "bash",  # Its own startup files are those of an empty home.
            root_dir=self.project(project),
            env=env,
            cols=100,
            rows=40,
        )
        self.ids[name] = row["id"]
        path = f"/api/sessions/{row['id']}"
        for line in (PROMPT, *lines):
            state = self.server.call("GET", f"{path}/wait", until="ready", timeout=25)
            self.server.type(row["id"], f"{line}\r")
            after = state["next"]
            self.server.call(
                "GET", f"{path}/wait", until="block", timeout=25, after=after
            )

    def room(self) -> None:
        """A room with two agents and a person, who have talked."""
        call = self.server.call
        room = call("POST", "/api/sessions", {"name": "release", "type": "chat"})
        self.ids["release"] = room["id"]
        path = f"/api/sessions/{room['id']}"
        for name in ("api-server", "docs"):
            member = {"session_id": self.ids[name]}
            call("POST", f"{path}/participants", member)
        say = f"{path}/messages"
        asked = "Version 2 leaves on Friday. What is missing?"
        first = call("POST", say, {"content": asked, "sender_id": "ada"})
        answer = {
            "content": "Two tests of the API fail; I am on the first one.",
            "sender_id": self.ids["api-server"],
            "role": "assistant",
            "reply_to": first["id"],
        }
        call("POST", say, answer)
        call(
            "POST",
            say,
            {"content": "@docs update the page, please", "sender_id": "ada"},
        )
        call("PATCH", f"{path}/messages/{first['id']}/pin", {"pinned": True})
        for title, status in (
            ("Mend the two tests", "in_progress"),
            ("Write the notes of the release", "proposed"),
        ):
            task = {"title": title, "status": status, "assigned_to": "@api-server"}
            call("POST", f"{path}/tasks", task)
        call("POST", f"{path}/file-refs", {"file_path": "docs/release.md"})

    def waiting(self, count: int) -> None:
        """Wait until so many terminals have a prompt."""
        until(lambda: self.server.call("GET", "/api/status")["waiting"] >= count)

    def calm(self) -> None:
        """Three agents that ask, two that work or rest, and some programs."""
        self.agent("api-server", "claude", "api-server", "dialog 0")
        self.agent("docs", "codex", "docs", "dialog 6")
        self.agent("tests", "gemini", "api-server", "dialog 2")
        self.agent("search", "claude", "search", "busy")
        self.agent("billing", "qwen", "billing", "rest")
        self.shell("shell", "api-server", *WORK)
        self.program("notes", "vim", "README.md", project="docs")
        self.program("clean up", "rm", "-i", "README.md")
        ended = self.program("build", "sh", "-c", "echo built in 3.2 s; exit 2")
        self.server.call("GET", f"/api/sessions/{ended}/wait", until="exit", timeout=25)
        self.waiting(4)
        self.room()

    def hard(self) -> None:
        """Fifty sessions, and questions and names as they should not be."""
        for name, question in STRANGE.items():
            ask = f"printf %b {json.dumps(question, ensure_ascii=False)}; read answer"
            self.program(name, "bash", "-c", ask)
        for n in range(50 - len(self.ids)):
            work = "while sleep 1; do date; done"
            self.program(f"worker {n + 1}", "bash", "-c", work)
        self.waiting(4 + len(STRANGE))


def screens(world: World) -> dict[str, str]:
    """The address of each of the six screens."""
    return {
        "inbox": "/#/inbox",
        "fleet": "/#/fleet",
        "terminal": f"/#/terminal/{world.ids['shell']}",
        "room": f"/#/room/{world.ids['release']}",
        "search": "/#/search?q=test",
        "settings": "/#/settings",
    }


def take(browser: "Browser", world: World, day: str, folder: Path) -> None:
    """Take every screen in every window."""
    windows = {"desktop": DESKTOP, "phone": PHONE}
    for kind, window in windows.items():
        for scheme in ("light", "dark"):
            options: Any = {**window, "color_scheme": scheme}
            context = browser.new_context(**options)
            page = context.new_page()
            for name, address in screens(world).items():
                page.goto("about:blank")
                page.goto(world.server.url + address)
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(SETTLE_MS)
                picture = folder / f"{day}-{name}-{kind}-{scheme}.png"
                # The questions that are hard to show come after the others.
                whole = (day, name) == ("hard", "inbox")
                page.screenshot(path=picture, full_page=whole)
            context.close()


def demo_folder() -> Path:
    """A new folder, whose name looks well in a picture if nobody else has it."""
    place = Path(tempfile.gettempdir()) / "demo"
    try:
        place.mkdir(mode=0o700)
    except FileExistsError:
        return Path(tempfile.mkdtemp(prefix="demo-"))
    return place


def main() -> None:
    """Take all pictures into the folder that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.web.screenshots",
        description="Take pictures of every screen, and renew those of the README.",
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("screenshots"),
        help="where the pictures go (default: %(default)s)",
    )
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    place = demo_folder()
    try:
        with chromium() as browser, web_server(place / "data") as server:
            world = World(place, server)
            world.calm()
            take(browser, world, "calm", folder)
            world.hard()
            take(browser, world, "hard", folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    IMAGES.mkdir(exist_ok=True)
    for name in README:
        picture = folder / f"calm-{name}-desktop-light.png"
        shutil.copyfile(picture, IMAGES / f"{name}.png")
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    main()
