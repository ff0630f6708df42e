"""The programs of `tests.terminal.record_programs`, each in a box made anew.

They run as a user `demo` whose password is `secret`, unless a case says `root`, on a
machine that believes to be called `localhost`. README.md tells what must be installed.
"""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.terminal.cases import Case, Script
from tests.terminal.recorder import ENV, Recorder

BOX, BOX_HOME = "/tmp/box", "/tmp/box-home"
ON_BOX = [
    *("unshare", "--uts", "sh", "-c"),
    'echo localhost >/proc/sys/kernel/hostname; exec "$@"',
    "sh",
]
AS_DEMO = ["setpriv", "--reuid=demo", "--regid=demo", "--init-groups", "--"]
BASH = ["bash", "--norc", "--noprofile"]
BASH_VERSION = ["bash", "--version"]

CASES: list[Case] = []


def case(
    name: str, *argv: str, root: bool = False, setup: str = "", **more: Any
) -> Callable[[Script], Script]:
    """The decorated script records this; `setup` is shell run in the box before."""
    prefix = [] if root else AS_DEMO

    def before() -> None:
        for path in (BOX, BOX_HOME):
            shutil.rmtree(path, ignore_errors=True)
            Path(path).mkdir()
            if not root:
                shutil.chown(path, "demo", "demo")
        env = {**ENV, "HOME": BOX_HOME}
        made = [*ON_BOX, *prefix, "sh", "-ec", setup]
        subprocess.run(made, cwd=BOX, env=env, check=True)

    def keep(script: Script) -> Script:
        env = {"HOME": BOX_HOME, **more.pop("env", {})}
        shown = more.pop("shown", list(argv))
        CASES.append(
            Case(
                name,
                [*ON_BOX, *prefix, *argv],
                script,
                cwd=BOX,
                env=env,
                before=before,
                shown=shown,
                **more,
            )
        )
        return script

    return keep


def wait_quiet(recorder: Recorder, text: str, for_s: float = 0.5) -> None:
    """Wait for the text and then for quiet."""
    recorder.wait(text)
    recorder.quiet(for_s)


def enter(recorder: Recorder, line: str, then: str, chose: str | None = None) -> None:
    """Type a line with Enter, and wait until that is calm."""
    recorder.type(line + "\r", chose)
    wait_quiet(recorder, then)
