"""Programs that are no agents, by name: they execute, keep or forward their input."""

from typing import Final

from ant.terminal.agents.driver import drivers
from ant.terminal.agents.driver_files import SHELL

INTERPRETERS: Final = frozenset(
    [
        *("node", "bun", "deno", "python", "ipython", "bpython", "ptpython", "pypy"),
        *("perl", "ruby", "irb", "pry", "lua", "luajit", "php", "psysh", "r", "julia"),
        *("ghci", "ghc", "erl", "iex", "beam.smp", "java", "jshell", "scala", "clj"),
        *("tclsh", "wish", "guile", "racket", "sbcl", "clisp", "ocaml"),
        *("utop", "swipl", "octave", "gnuplot", "maxima", "bc", "dc", "gawk", "mawk"),
        *("gdb", "lldb", "sqlite", "mysql", "mariadb", "psql", "pgcli", "redis-cli"),
        *("mongo", "mongosh", "duckdb", "pwsh", "ftp", "sftp", "lftp", "openssl"),
        *("ed", "ex", "vi", "vim", "nvim", "emacs", "nano", "less", "more", "make"),
    ]
)
"""Programs that execute the lines they read, or take them as commands or as text to
keep. Some agents are scripts of such a program: then the first argument names them."""

PROXIES: Final = frozenset(
    [
        *("ssh", "sshd", "autossh", "sshpass", "mosh", "mosh-client", "et", "telnet"),
        *("rlogin", "rsh", "nc", "ncat", "netcat", "socat", "websocat", "cu", "tio"),
        *("picocom", "minicom", "screen", "tmux", "zellij", "dtach", "abduco", "byobu"),
        *(
            "script",
            "scriptlive",
            "asciinema",
            "ttyrec",
            "rlwrap",
            "expect",
            "unbuffer",
        ),
        *(
            "su",
            "sudo",
            "sudo-rs",
            "doas",
            "pkexec",
            "run",
            "runuser",
            "login",
            "newgrp",
        ),
        *("sg", "setpriv", "chroot", "schroot", "nsenter", "unshare", "ip", "firejail"),
        *("bwrap", "proot", "fakeroot", "systemd-run", "systemd-nspawn", "machinectl"),
        *("docker", "docker-compose", "podman", "nerdctl", "kubectl", "oc", "crictl"),
        *("ctr", "lxc", "lxc-attach", "incus", "vagrant", "multipass", "limactl"),
        *("distrobox", "toolbox", "apptainer", "singularity", "flatpak", "snap"),
        *("adb", "gcloud", "aws", "az", "fly", "flyctl", "heroku", "wsl", "virsh"),
        *("qemu-system-x", "busybox", "toybox", "strace", "ltrace", "nix-shell"),
    ]
)
"""Programs that forward their input to a program that ANT cannot see."""


def repeats(program: str) -> bool:
    """Whether a program is a shell, which executes its input, or a proxy."""
    return stem(program) in PROXIES or stem(program) in drivers()[SHELL].programs


def stem(name: str) -> str:
    """Return a process name in lower case, without its version and its status text.

    `tmux: client` becomes `tmux`, `python3.11` becomes `python`.
    """
    return name.split(":")[0].split(" ")[0].rstrip("0123456789.").lower()
