"""Real agent CLIs in terminals of a real server, and a model that a test directs.

The folders in `AGENTS` have the CLIs; without it, those that .ci/run installs from the
lock in tests/terminal/agents. Each agent runs in a new home and a new project, and
calls nobody but the model on this machine.
"""

import io
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import attrs
import pytest

from ant.terminal.agents.hook_settings import hook_settings
from tests.terminal import fake_model
from tests.terminal.agents.claude import CLAUDE_HOME
from tests.terminal.fake_model import DIALECTS, RESULT, Ask, Json, Reply

PATH = os.environ.get("AGENTS") or str(
    Path(__file__).parents[1] / "terminal" / "agents" / "node_modules" / ".bin"
)

GO = "demo run"
"""What a person says to have the commands run."""

TITLE = json.dumps(
    {"title": "Demo", "isNewTopic": True}
    | {"complexity_reasoning": "It is simple.", "complexity_score": 1}
)
"""What the model says where an agent asks for no tool: a title, or how hard a task
is."""

DONE = "All commands were tried."
"""What the model says after the last one."""

TAP = """#!{python} -IS
import fcntl, os, pty, select, sys, termios, tty
size = fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8))
pid, master = pty.fork()
if not pid:
    fcntl.ioctl(0, termios.TIOCSWINSZ, size)
    os.execv({program!r}, [{program!r}, *sys.argv[1:]])
tty.setraw(0)
log = os.open({log!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
while True:
    for fd in select.select([0, master], [], [])[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""
        if not data:
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        if fd == 0:
            os.write(log, data)
        os.write(master if fd == 0 else 1, data)
"""
"""A program between ANT and an agent, which logs every byte that ANT types."""


def needs_agent(name: str) -> pytest.MarkDecorator:
    """The mark of a test that skips where that agent is missing."""
    reason = f"needs {name}, which is not installed: see .ci/run"
    return pytest.mark.skipif(shutil.which(name, path=PATH) is None, reason=reason)


@attrs.define(eq=False)
class Model:
    """A model server. It has the agent run `commands`, one after the other.

    `asked` are the bodies of the agent's requests, as text.
    """

    url: str
    commands: list[str] = attrs.field(factory=list)
    asked: list[str] = attrs.field(factory=list)

    def reply(self, ask: Ask) -> Reply:
        """The next command that has no result yet, for the agent's shell."""
        names = fake_model.TOOLS["run"].split()
        tool = next((each for each in names if each in ask.tools), None)
        if tool is None:
            return Reply(TITLE)
        last = max((i for i, text in enumerate(ask.said) if GO in text), default=None)
        if last is None:
            return Reply("Hello.")
        results = sum(text == RESULT for text in ask.said[last:])
        if results >= len(self.commands):
            return Reply(DONE)
        values = {"command": self.commands[results], "description": "A step"}
        return Reply("", tool, fake_model.arguments(ask.tools[tool], values))

    def results(self) -> list[str]:
        """What Claude Code told about each command in its longest request."""
        last = json.loads(max(self.asked, key=len))
        parts = [
            part
            for message in last["messages"]
            if isinstance(message["content"], list)
            for part in message["content"]
        ]
        results = [part for part in parts if part.get("type") == "tool_result"]
        return [json.dumps(each["content"]) for each in results]


@contextmanager
def model(*commands: str) -> Iterator[Model]:
    """A model server for the length of a block."""

    class Handler(fake_model.Handler):
        def do_POST(self) -> None:
            path = self.path.partition("?")[0]
            data = self.rfile.read(int(self.headers.get("content-length") or 0))
            found = next((d for end, d in DIALECTS.items() if path.endswith(end)), None)
            if found is None:
                self.rfile = io.BytesIO(data)
                super().do_POST()
                return
            body = json.loads(data)
            made.asked.append(data.decode())
            read, write = found
            reply = made.reply(read(body))
            if body.get("stream") or ":stream" in path:
                self._stream(write(reply), path)
            else:
                self._json(200, fake_model.whole(list(write(reply)), reply))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Model(f"http://127.0.0.1:{server.server_port}", list(commands))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@attrs.frozen
class Desk:
    """A home and a project of one agent, and how it is started in a terminal."""

    home: Path
    project: Path
    command: list[str]
    env: dict[str, str]

    @property
    def fields(self) -> Json:
        """The fields of a session that starts the agent."""
        return {
            "command": self.command,
            "env": {"HOME": str(self.home), **self.env},
            "root_dir": str(self.project),
            "cols": 90,
            "rows": 30,
        }

    def has(self, name: str) -> bool:
        """Whether the project has that file."""
        return (self.project / name).exists()

    @property
    def typed(self) -> bytes:
        """What ANT typed, where the agent is tapped."""
        return (self.home / "typed").read_bytes()


def claude(folder: Path, model_url: str, *, tapped: bool = False) -> Desk:
    """Claude Code, which knows its user and trusts the project."""
    known = {
        "customApiKeyResponses": {"approved": ["0" * 20], "rejected": []},
        "projects": {str(folder / "project"): {"hasTrustDialogAccepted": True}},
    }
    env = {
        "ANTHROPIC_BASE_URL": model_url,
        "ANTHROPIC_API_KEY": "sk-ant-demo-" + "0" * 22,
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    files = {".claude.json": json.dumps(CLAUDE_HOME | known)}
    return _desk(folder, ["claude", GO], env, files, tapped)


def _desk(
    folder: Path,
    command: Sequence[str],
    env: dict[str, str],
    files: dict[str, str],
    tapped: bool,
) -> Desk:
    home, project = folder / "home", folder / "project"
    for each in (home, project):
        each.mkdir(parents=True)
    git = ["git", "-C", str(project)]
    subprocess.run([*git, "init", "-qb", "main"], check=True)
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    name, *rest = command
    program = shutil.which(name, path=PATH)
    assert program is not None
    if tapped:
        tap = folder / name
        log = str(home / "typed")
        tap.write_text(TAP.format(python=sys.executable, program=program, log=log))
        tap.chmod(tap.stat().st_mode | stat.S_IXUSR)
        program = str(tap)
    return Desk(home, project, [program, *rest], env)


def codex(folder: Path, model_url: str) -> Desk:
    """Codex, with the hooks that `ant hooks print` printed which it does not trust."""
    config = (
        'model = "demo"\nmodel_provider = "demo"\ncheck_for_update_on_startup = false\n'
        f'[model_providers.demo]\nname = "demo"\nbase_url = "{model_url}/v1"\n'
        'wire_api = "responses"\n'
        f'[projects."{folder / "project"}"]\ntrust_level = "trusted"\n'
    )
    files = {
        ".codex/config.toml": config,
        ".codex/hooks.json": json.dumps(hook_settings("codex-cli")),
    }
    return _desk(folder, ["codex", "--no-daemon", GO], {}, files, tapped=False)


def gemini(folder: Path, model_url: str) -> Desk:
    """Gemini CLI, with the hooks that `ant hooks print` printed."""
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
    trusted = {str(folder / "project"): "TRUST_FOLDER"}
    files = {
        ".gemini/settings.json": json.dumps(settings | hook_settings("gemini-cli")),
        ".gemini/trustedFolders.json": json.dumps(trusted),
    }
    env = {"GEMINI_API_KEY": "demo", "GOOGLE_GEMINI_BASE_URL": model_url}
    return _desk(folder, ["gemini", "-i", GO], env, files, tapped=False)
