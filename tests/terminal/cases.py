"""Makes recordings: cases, each a program with a script, and their command line.

Rule: a recording names neither this machine nor who made it; `Case.record` refuses.
"""

import argparse
import json
import platform
import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import attrs

from tests.terminal.recorder import DEMO, ENV, HOME, Recorder

RECORDINGS = Path(__file__).parent / "recordings"

HELD = Path(__file__).parent / "held"
"""Recordings that are kept aside: no rule and no driver is fitted to them."""

Script = Callable[[Recorder], None]


@attrs.frozen
class Case:
    """How to make one recording; `name` is `<program>/<case>`, its path without end.

    `shown` is the argv to write down where the real one has a wrapper in front.
    """

    name: str
    argv: list[str]
    script: Script
    version: list[str] | str = ""
    driver: str | None = None
    cols: int = 80
    rows: int = 24
    env: dict[str, str] = attrs.field(factory=dict)
    cwd: str = DEMO
    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None
    shown: list[str] | None = None
    folder: Path = RECORDINGS

    def record(self, show: bool = False) -> None:
        """Run it and write both files, replacing those that are there."""
        Path(DEMO).mkdir(exist_ok=True)
        Path(HOME).mkdir(exist_ok=True)
        self.before()
        env = {**ENV, "PWD": self.cwd, **self.env}
        recorder = Recorder(self.argv, self.cols, self.rows, env, show, self.cwd)
        try:
            self.script(recorder)
        finally:
            recorder.close()
            self.after()
        about = {
            "program": self.argv if self.shown is None else self.shown,
            "version": self._find_version(),
            "driver": self.driver,
            "cols": self.cols,
            "rows": self.rows,
            "resizes": recorder.resizes,
            "moments": recorder.moments,
        }
        told = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
        everything = recorder.data.decode(errors="replace") + told
        for secret in (platform.node(), str(Path.home()), str(Path.cwd()), "/work"):
            if re.search(rf"(?<!\w){re.escape(secret)}\b", everything):
                raise ValueError(f"{self.name} shows {secret!r}")
        path = self.folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".ansi").write_bytes(recorder.data)
        path.with_suffix(".json").write_text(told)
        print(f"{self.name}: {len(recorder.data)} bytes, {len(recorder.moments)}")

    def _find_version(self) -> str:
        if isinstance(self.version, str):
            return self.version
        run = subprocess.run(
            self.version, capture_output=True, text=True, env={**ENV, **self.env}
        )
        return next(filter(str.strip, (run.stdout + run.stderr).splitlines()), "")


def main(cases: Iterable[Case]) -> None:
    """The command line: names of cases, or beginnings of names; none is all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="CASE")
    parser.add_argument("--show", action="store_true", help="print every moment")
    args = parser.parse_args()
    failed = []
    for case in cases:
        if not args.names or any(case.name.startswith(name) for name in args.names):
            try:
                case.record(args.show)
            except (TimeoutError, OSError, ValueError) as exc:
                failed.append(case.name)
                print(f"{case.name} FAILED: {exc}")
    if failed:
        raise SystemExit(f"failed: {' '.join(failed)}")
