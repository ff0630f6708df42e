"""The systemd of the user: its commands, and what it says about ANT's service."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Final

from ant.core.errors import AntError

UNIT: Final = "ant.service"
COMMAND_S: Final = 20.0
"""How long systemctl may take; a start waits until the server serves."""

LOOK_S: Final = 3.0
"""How long systemctl may take to print properties."""

LINGER: Final = Path("/var/lib/systemd/linger")
"""The folder in which logind has a file for each user whose services need no login."""

ABSENT: Final = (
    "No systemd runs here for this user, so nothing was installed. Start `ant serve` "
    "by what starts programs here: cron (@reboot), runit, a container, or a tmux of "
    "yours. `ant service install --dry-run` prints the unit."
)


def unit_path() -> Path:
    """Where the unit of the user is, whether it exists or not."""
    folder = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(folder).expanduser() / "systemd" / "user" / UNIT


def is_running() -> bool:
    """Whether a systemd of this user can be asked."""
    folder = os.environ.get("XDG_RUNTIME_DIR")
    if not folder or shutil.which("systemctl") is None:
        return False
    return (Path(folder) / "systemd" / "private").exists()


def user_name() -> str:
    """The name of the user of this process; its uid where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def lingers() -> bool:
    """Whether services of the user start with the machine, without a login."""
    return (LINGER / user_name()).exists()


def systemctl(*words: str, timeout_s: float = COMMAND_S) -> str:
    """Run `systemctl --user`; its output. Raises `AntError` if it fails."""
    argv = ["systemctl", "--user", "--no-pager", *words]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise AntError(f"{' '.join(argv)} took more than {timeout_s:g} s.") from exc
    except OSError as exc:
        raise AntError(f"systemctl does not run: {exc.strerror}.") from exc
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().rstrip(".")
        raise AntError(f"{' '.join(argv)} failed: {reason or done.returncode}.")
    return done.stdout.decode("utf-8", "replace")


def properties(*names: str) -> dict[str, str]:
    """Properties of the service, by name. Raises `AntError`."""
    text = systemctl("show", UNIT, f"--property={','.join(names)}", timeout_s=LOOK_S)
    pairs = (line.partition("=") for line in text.splitlines())
    return {name: value for name, _, value in pairs}
