"""Run by tmux as the first program of a pane: becomes the program that is asked for.

A program of its own, without the rest of ANT: `starter.py FILE`. The file, which is
removed, tells it in parts that end with a NUL: how many words, these words, and the
variables of the whole environment. No secret is ever in an argument list, where anybody
could read it.
"""

import os
import signal
import sys

LENT = ("TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TMUX", "TMUX_PANE")
"""What tmux tells its programs of the terminal that it is to them."""


def write(path: str, words: tuple[str, ...], env: dict[str, str]) -> None:
    """Make such a file, for its owner only."""
    parts = (str(len(words)), *words, *(f"{name}={env[name]}" for name in env))
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(b"".join(os.fsencode(part) + b"\0" for part in parts))


def main(path: str) -> None:
    """Become that program. Ends with 127 where it cannot be started."""
    with open(path, "rb") as file:
        count, *parts = file.read().split(b"\0")[:-1]
    os.unlink(path)
    words, variables = parts[: int(count)], parts[int(count) :]
    env = dict(each.split(b"=", 1) for each in variables)
    env |= {
        os.fsencode(name): os.environb[os.fsencode(name)]
        for name in LENT
        if name in os.environ
    }
    for signum in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    try:
        os.execve(words[0], words, env)
    except OSError as exc:
        print(f"ant: cannot start this: {exc.strerror}", file=sys.stderr)
        sys.exit(127)


if __name__ == "__main__":
    main(*sys.argv[1:])
