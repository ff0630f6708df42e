"""The unit of ANT's service: its text, and whether a person has changed its file."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

import ant
from ant.core.errors import AntError

_FIRST: Final = "# Made by `ant service install` of ANT {version}; sha256 {digest}"
_MADE = re.compile(r"# Made by `ant service install` of ANT \S+; sha256 ([0-9a-f]{64})")

# KillMode: tmux and the programs in it outlive a stop. OOMPolicy: the kernel ends one
# program of a terminal, and the server goes on. Restart: a person who stops the server
# wants it to stay stopped.
_UNIT: Final = """\
[Unit]
Description=ANT, an operator server for terminals and AI agents
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=notify
ExecStart={command}
{environment}KillMode=process
OOMPolicy=continue
Restart=on-failure
RestartSec=2
TimeoutStartSec=600
TimeoutStopSec=60

[Install]
WantedBy=default.target
"""


class UnitState(StrEnum):
    """A unit file, compared with the one that would be installed."""

    MISSING = "missing"
    SAME = "same"
    OLDER = "older"
    """`ant service install` made it, with other options or another version."""
    CHANGED = "changed"
    """A person wrote or changed it."""


def unit_text(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """The unit that runs a command. Raises `AntError` for a control character."""
    lines = "".join(
        f"Environment={_quoted(f'{name}={value}')}\n"
        for name, value in environment.items()
    )
    words = " ".join(_quoted(each).replace("$", "$$") for each in command)
    body = _UNIT.format(command=words, environment=lines)
    first = _FIRST.format(version=ant.__version__, digest=_digest(body))
    return f"{first}\n{body}"


def _quoted(text: str) -> str:
    """A word of a unit file; `%` would begin a specifier of systemd."""
    if not text.isprintable():
        raise AntError(f"A unit file cannot have the control character in {text!r}.")
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"' if re.search(r"[\s\"'\\;]", text) or not text else text


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def state_of(text: str | None, wanted: str) -> UnitState:
    """How the text of a file stands to the unit that is wanted; None is no file."""
    if text is None:
        return UnitState.MISSING
    if text == wanted:
        return UnitState.SAME
    return UnitState.OLDER if is_untouched(text) else UnitState.CHANGED


def is_untouched(text: str) -> bool:
    """Whether `ant service install` wrote all of this text."""
    first, _, body = text.partition("\n")
    match = _MADE.fullmatch(first)
    return match is not None and match[1] == _digest(body)


def read_unit(path: Path) -> str | None:
    """The text of a unit file; None if there is none. Raises `AntError`."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise AntError(f"{path} cannot be read: {exc}.") from exc
