"""An agent of a user's own, and drivers for it: a real program that a PTY can run."""

import sys
from pathlib import Path

SOURCE = """\
#!{python}
import os, sys, time
os.write(1, b"Mine v{version}\\r\\nmine> ")
for line in sys.stdin:
    if line.startswith("work"):
        for step in range(int(line.split()[1])):
            os.write(1, b"\\r\\x1b[K* Working %d" % step)
            time.sleep(0.1)
        os.write(1, b"\\r\\x1b[K")
    elif line.startswith("ask"):
        os.write(1, b"Run this command? [y/n] ")
        sys.stdin.readline()
    open(sys.argv[1], "a").write(line) if len(sys.argv) > 1 else None
    os.write(1, b"mine> ")
"""
"""It works, asks and rests by lines; it keeps what it was given in a file."""

DRIVER = """\
name = "mine"
recorded = "1.0"
programs = ["mine"]
inline = true
lines = true

[[version]]
id = "banner"
pattern = '^Mine v(?P<version>[0-9.]+)'

[[busy]]
id = "works"
pattern = '^\\* Working'

[[composer]]
id = "composer"
pattern = '^mine>(\\s|$)'
"""


def mine(folder: Path, version: str = "1.0", python: str = sys.executable) -> Path:
    """The program, in a folder of its own; `python` is the text of its `#!` line."""
    path = folder / "bin" / "mine"
    path.parent.mkdir(exist_ok=True)
    path.write_text(SOURCE.format(python=python, version=version))
    path.chmod(0o755)
    return path


def write_driver(folder: Path, text: str = DRIVER, name: str = "mine.toml") -> Path:
    """A driver file that only its owner may write."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o644)
    return path
