"""Launch plans: from a stored command to argv, directory and environment of a child."""

import os
import pwd
import shutil
import sys
from pathlib import Path

import attrs

from ant.core import service_notifier
from ant.core.errors import Invalid
from ant.model.sessions import SessionType
from ant.terminal.host.host_terminal import SECRET_FD, Spec
from ant.terminal.shell.osc133 import KEY_FD_NAME
from ant.terminal.shell.shell_key import ShellKey

_OUTER_TERMINAL = (
    "TMUX",
    "TMUX_PANE",
    "TMUX_PLUGIN_MANAGER_PATH",
    "STY",
    "COLUMNS",
    "LINES",
    "OLDPWD",
)
"""Variables that describe the terminal in which the server was started."""

_OUTER = frozenset({*_OUTER_TERMINAL, *service_notifier.VARIABLES})

SHELL_INTEGRATION = "ANT_SHELL_INTEGRATION"
"""`0` in a session's environment disables the shell integration."""

_SHELL = Path(__file__).parents[1] / "terminal" / "shell"
_INTERACTIVE = {
    "bash": {"-i"},  # A login shell would not read ANT's file.
    "zsh": {"-i", "-l", "-il", "-li", "--interactive", "--login"},
    "fish": {"-i", "-l", "-il", "-li", "--interactive", "--login"},
}

SHELLS = tuple(_INTERACTIVE)
"""The shells that ANT integrates: it sees where their commands begin and end."""

TERM = "xterm-256color"


def default_shell() -> str:
    """Return the user's login shell, else /bin/sh."""
    shell = os.environ.get("SHELL") or pwd.getpwuid(os.getuid()).pw_shell
    return shell if shell and os.access(shell, os.X_OK) else "/bin/sh"


def own_command() -> str | None:
    """Return the path of this installation's `ant` command; None without one."""
    beside = os.path.join(os.path.dirname(sys.executable), "ant")
    started = os.path.abspath(sys.argv[0])
    for path in (beside, started):
        is_command = os.path.basename(path) == "ant" and os.path.isfile(path)
        if is_command and os.access(path, os.X_OK):
            return path
    return None


def _with_own_command(path: str) -> str:
    """Return the PATH with the directory of `ant` at its end, so it shadows nothing."""
    command = own_command()
    folder = os.path.dirname(command) if command else None
    if folder is None or folder in path.split(os.pathsep):
        return path
    return f"{path}{os.pathsep}{folder}"


def child_environment(own: dict[str, str]) -> dict[str, str]:
    """Return the server's environment for a child, updated with `own`.

    All variables that begin with `ANT_` are removed: the key is a secret, and the
    others would configure a server that is started in the session. Variables of the
    terminal in which the server was started are removed as well, and those by which a
    service manager knows the server. The PATH contains this
    installation's `ant` command.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ANT_") and name not in _OUTER
    }
    inherited |= {"TERM": TERM, "COLORTERM": "truecolor"}
    if not any(name in inherited for name in ("LC_ALL", "LC_CTYPE", "LANG")):
        inherited["LANG"] = "C.UTF-8"
    environment = inherited | own
    environment["PATH"] = _with_own_command(environment.get("PATH") or os.defpath)
    return environment


def plan(
    command: tuple[str, ...] | None,
    root_dir: str | None,
    env: dict[str, str],
    cols: int,
    rows: int,
    key: ShellKey | None = None,
) -> Spec:
    """Resolve the program and the directory, before anything is created.

    With a `key`, an interactive shell prints marks for its prompts and commands, and
    proves with the key that it printed them (`terminal.shell.shell_state`). Raises
    `Invalid` when the program cannot be found or run, or the directory does not exist.
    """
    home = str(Path.home())
    cwd = os.path.expanduser(root_dir) if root_dir else home
    if not os.path.isabs(cwd):
        raise Invalid(f"expected an absolute path, got {cwd!r} at $.root_dir")
    if not os.path.isdir(cwd):
        raise Invalid(f"there is no folder {cwd!r} at $.root_dir")
    if not os.access(cwd, os.X_OK):
        raise Invalid(f"the folder {cwd!r} may not be entered at $.root_dir")
    environment = child_environment({**env, "PWD": cwd})
    argv = tuple(command) if command else (default_shell(),)
    if not argv[0]:
        raise Invalid("expected a program, got '' at $.command[0]")
    name = os.path.join(cwd, argv[0]) if "/" in argv[0] else argv[0]
    program = shutil.which(name, path=environment.get("PATH"))
    if program is None:
        raise Invalid(f"there is no program {argv[0]!r} to run at $.command[0]")
    spec = Spec((os.path.abspath(program), *argv[1:]), cwd, environment, cols, rows)
    return spec if key is None else _integrated(spec, key)


def _integrated(spec: Spec, key: ShellKey) -> Spec:
    """Have a shell read ANT's startup file besides the user's, which stay unchanged."""
    program, *options = spec.argv
    shell, env = os.path.basename(program), spec.env
    is_off = env.get(SHELL_INTEGRATION) == "0" or "POSIXLY_CORRECT" in env
    interactive = _INTERACTIVE.get(shell)
    if is_off or interactive is None or not interactive.issuperset(options):
        return spec
    added = {KEY_FD_NAME: str(SECRET_FD)}
    match shell:
        case "bash":
            options = ["--rcfile", str(_SHELL / "rc.bash"), *options]
        case "zsh":
            if "ZDOTDIR" in env:
                added["ANT_ZDOTDIR"] = env["ZDOTDIR"]
            added["ZDOTDIR"] = str(_SHELL / "zsh")
        case "fish":
            path = str(_SHELL / "rc.fish").replace("\\", "\\\\").replace("'", "\\'")
            options = ["--init-command", f"source '{path}'", *options]
    argv, env = (program, *options), env | added
    return attrs.evolve(spec, argv=argv, env=env, secret=key.text)


def default_command(kind: SessionType, command: tuple[str, ...] | None) -> str | None:
    """Return the name of the program that a session runs, without its directory."""
    if kind is SessionType.CHAT:
        return None
    return os.path.basename(command[0] if command else default_shell())
