"""Programs that are no agents, by name: they run, keep or pass on what they read."""

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
"""They run the lines that they read, or take them for commands or for text to keep.
Agents are scripts of some, under their own name as the first argument."""

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
"""They hand what they read to somebody whom nobody here can see."""


def repeats(program: str) -> bool:
    """Whether a program of that name is a shell or a proxy: what it reads is run."""
    return stem(program) in PROXIES or stem(program) in drivers()[SHELL].programs


def stem(name: str) -> str:
    """The name without a version, and without what a program says behind it."""
    return name.split(":")[0].split(" ")[0].rstrip("0123456789.").lower()
