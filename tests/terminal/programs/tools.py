"""Tools that ask: packages, passwords, keys, files, version control, progress."""

import os
import signal
import subprocess
from pathlib import Path

from tests.terminal.programs import BASH, case, enter, wait_quiet
from tests.terminal.programs.screens import GIT, REPO
from tests.terminal.recorder import Recorder

SSH = ["ssh", "-V"]
SUDO = ["sudo", "--version"]
PORT = "2222"
KNOWN = "-o UserKnownHostsFile=known"


@case("sudo/password", *BASH, version=SUDO)
def sudo_password(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("sudo -k; sudo true\r")
    wait_quiet(r, "password for demo:")
    r.moment("dialog", "password", "[sudo] password for demo:")
    r.type("wrong\r")
    r.wait("try again")
    wait_quiet(r, "try again. [sudo] password for demo:")
    r.moment("dialog", "password", "[sudo] password for demo:")
    r.type("secret\r")
    r.quiet(2)
    r.moment("at_rest")


@case("passwd/change", *BASH, version="passwd of Debian 13")
def passwd(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("passwd\r")
    wait_quiet(r, "Current password:", 1)
    r.moment("dialog", "password", "Current password:")
    r.type("secret\r")
    wait_quiet(r, "New password:")
    r.moment("dialog", "password", "New password:")
    r.type("other-demo-1\r")
    wait_quiet(r, "Retype new password:")
    r.moment("dialog", "password", "Retype new password:")
    r.type("another-demo-2\r")
    r.wait("Sorry, passwords do not match")
    r.quiet(4)
    r.moment("at_rest")


@case("su/password", *BASH, version=["su", "--version"])
def su(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("su -c true\r")
    wait_quiet(r, "Password:")
    r.moment("dialog", "password", "Password:")
    r.type("wrong\r")
    wait_quiet(r, "failure", 1)
    r.moment("at_rest")


_sshd: list[subprocess.Popen[bytes]] = []


def _start_sshd() -> None:
    folder = Path("/tmp/demo-sshd")
    folder.mkdir(exist_ok=True)
    key = folder / "key"
    if not key.exists():
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
        subprocess.run(make, check=True)
    Path("/run/sshd").mkdir(exist_ok=True)
    options = ("Port=2222", "ListenAddress=127.0.0.1", f"HostKey={key}", "PidFile=none")
    with_options = [word for option in options for word in ("-o", option)]
    command = ["/usr/sbin/sshd", "-D", "-f", "/dev/null", *with_options]
    _sshd.append(subprocess.Popen(command))


def _stop_sshd() -> None:
    server = _sshd.pop()
    os.kill(server.pid, signal.SIGTERM)
    server.wait()


@case("ssh/first_time", *BASH, version=SSH)
def ssh_first_time(r: Recorder) -> None:
    _start_sshd()
    try:
        wait_quiet(r, "$", 1)
        r.type(f"ssh {KNOWN} -p {PORT} demo@127.0.0.1 echo hello\r")
        wait_quiet(r, "(yes/no/[fingerprint])?")
        r.moment(
            "dialog",
            "confirmation",
            "Are you sure you want to continue connecting?",
            ["yes", "no", "fingerprint"],
        )
        r.type("y\r")
        wait_quiet(r, "Please type 'yes', 'no' or the fingerprint:")
        r.moment(
            "dialog",
            "confirmation",
            "Please type 'yes', 'no' or the fingerprint:",
            ["yes", "no", "fingerprint"],
        )
        r.type("yes\r", "yes")
        wait_quiet(r, "password:")
        r.moment("dialog", "password", "demo@127.0.0.1's password:")
        r.type("wrong\r")
        wait_quiet(r, "try again. demo@127.0.0.1's password:")
        r.moment("dialog", "password", "demo@127.0.0.1's password:")
        r.type("secret\r")
        wait_quiet(r, "hello")
        r.moment("at_rest")
        r.type(f"ssh {KNOWN} -t -p {PORT} demo@127.0.0.1 'PS1=far% sh -i'\r")
        wait_quiet(r, "password:")
        r.type("secret\r")
        wait_quiet(r, "password: far%", 1)
        r.moment("at_rest")
        enter(r, "printf 'Remote name: '; read x", "x Remote name:")
        r.moment("question", "free_text", "Remote name:")
        r.type("a\r")
        r.quiet()
        r.type("exit\r")
        wait_quiet(r, "closed.")
        r.moment("at_rest")
    finally:
        _stop_sshd()


@case(
    "ssh_keygen/overwrite",
    *BASH,
    version=SSH,
    setup="ssh-keygen -q -t ed25519 -N '' -C demo -f key",
)
def ssh_keygen(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("ssh-keygen -t ed25519 -C demo\r")
    wait_quiet(r, "Enter file in which to save the key")
    r.moment(
        "question",
        "free_text",
        "Enter file in which to save the key (/home/demo/.ssh/id_ed25519):",
    )
    enter(r, "key", "(y/n)?")
    r.moment("dialog", "confirmation", "Overwrite?", ["y", "n"])
    r.type("y\r", "y")
    wait_quiet(r, "(empty for no passphrase):")
    question = 'Enter passphrase for "key" (empty for no passphrase):'
    r.moment("dialog", "password", question)
    r.type("12345\r")
    wait_quiet(r, "again:")
    r.moment("dialog", "password", "Enter same passphrase again:")
    r.type("12345\r")
    wait_quiet(r, "[SHA256]")
    r.moment("at_rest")


@case(
    "ssh_keygen/passphrase",
    *BASH,
    version=SSH,
    setup="ssh-keygen -q -t ed25519 -N 12345 -C demo -f key",
)
def ssh_passphrase(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("eval $(ssh-agent) >/dev/null; ssh-add key; ssh-agent -k >/dev/null\r")
    wait_quiet(r, "passphrase for key:")
    r.moment("dialog", "password", "Enter passphrase for key:")
    r.type("wrong\r")
    wait_quiet(r, "try again for key:")
    r.moment("dialog", "password", "Bad passphrase, try again for key:")
    r.type("12345\r")
    wait_quiet(r, "Identity added")
    r.moment("at_rest")


@case("apt/install", *BASH, root=True, version=["apt-get", "--version"])
def apt_install(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("apt-get install gnuplot-nox\r")
    wait_quiet(r, "[Y/n]", 1)
    r.moment("dialog", "confirmation", "Do you want to continue?", ["Y", "n"], 0)
    r.type("n\r", "n")
    wait_quiet(r, "Abort.")
    r.moment("at_rest")


@case("apt/install_new", *BASH, root=True, version=["apt", "--version"])
def apt_install_new(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("apt install gnuplot-nox\r")
    wait_quiet(r, "[Y/n]", 1)
    r.moment("dialog", "confirmation", "Continue?", ["Y", "n"], 0)
    r.type("n\r", "n")
    wait_quiet(r, "Abort")
    r.moment("at_rest")


@case("git/add_patch", *BASH, version=GIT, setup=REPO + "sed -i '2s/$/!/; 25d' numbers")
def git_add_patch(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("git add -p\r")
    wait_quiet(r, "(1/2) Stage this hunk")
    options = ["y", "n", "q", "a", "d", "j", "J", "g", "/", "e", "p", "?"]
    r.moment("dialog", "confirmation", "Stage this hunk?", options)
    r.type("y\r", "y")
    wait_quiet(r, "(2/2) Stage this hunk")
    options = ["y", "n", "q", "a", "d", "K", "g", "/", "e", "p", "?"]
    r.moment("dialog", "confirmation", "Stage this hunk?", options)
    r.type("?\r", "?")
    wait_quiet(r, "print help")
    r.moment("dialog", "confirmation", "Stage this hunk?", options)
    r.type("q\r", "q")
    r.quiet()
    r.moment("at_rest")


@case("git/add_interactive", *BASH, version=GIT, setup=REPO + "echo x > new")
def git_add_interactive(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("git add -i\r")
    wait_quiet(r, "What now>")
    r.moment(
        "dialog",
        "multi_choice",
        "What now>",
        [
            *("status", "update", "revert", "add untracked"),
            *("patch", "diff", "quit", "help"),
        ],
    )
    r.type("q\r", "quit")
    wait_quiet(r, "Bye.")
    r.moment("at_rest")


@case("git/clean", *BASH, version=GIT, setup=REPO + "echo x > new")
def git_clean(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("git clean -i\r")
    wait_quiet(r, "What now>")
    r.moment(
        "dialog",
        "multi_choice",
        "What now>",
        [
            *("clean", "filter by pattern", "select by numbers"),
            *("ask each", "quit", "help"),
        ],
    )
    r.type("4\r", "ask each")
    wait_quiet(r, "[y/N]?")
    r.moment("dialog", "confirmation", "Remove new?", ["y", "N"], 1)
    r.type("\r", "N")
    r.quiet()
    r.moment("at_rest")


@case(
    "npm/init",
    *BASH,
    version=["npm", "--version"],
    env={"npm_config_update_notifier": "false"},
)
def npm_init(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("npm init\r")
    wait_quiet(r, "package name:", 1)
    r.moment("question", "free_text", "package name:")
    enter(r, "", "version:")
    r.moment("question", "free_text", "version:")
    enter(r, "", "description:")
    r.moment("question", "free_text", "description:")
    enter(r, "A demo", "entry point:")
    r.moment("question", "free_text", "entry point:")
    for then in (
        "test command:",
        "git repository:",
        "keywords:",
        "author:",
        "license:",
    ):
        enter(r, "", then)
    r.moment("question", "free_text", "license:")
    for then in ("type:", "Is this OK?"):
        enter(r, "", then)
    r.moment("dialog", "confirmation", "Is this OK?", ["yes"], 0)
    r.type("\r", "yes")
    r.quiet(1)
    r.moment("at_rest")


@case("rm/ask", *BASH, version=["rm", "--version"], setup="touch a b; mkdir c")
def rm(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("rm -ir a c\r")
    wait_quiet(r, "'a'?")
    r.moment("dialog", "confirmation", "rm: remove regular empty file 'a'?")
    r.type("y\r")
    wait_quiet(r, "'c'?")
    r.moment("dialog", "confirmation", "rm: remove directory 'c'?")
    r.type("n\r")
    r.quiet()
    r.moment("at_rest")


@case("cp/ask", *BASH, version=["cp", "--version"], setup="touch a b")
def cp(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("cp -i a b\r")
    wait_quiet(r, "'b'?")
    r.moment("dialog", "confirmation", "cp: overwrite 'b'?")
    r.type("y\r")
    r.quiet()
    r.moment("at_rest")


@case("unzip/replace", *BASH, version=["unzip", "-v"], setup="touch a; zip -q z.zip a")
def unzip(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("unzip z.zip\r")
    wait_quiet(r, "[r]ename:")
    options = ["yes", "no", "All", "None", "rename"]
    r.moment("dialog", "confirmation", "replace a?", options)
    r.type("n\r", "no")
    r.quiet()
    r.moment("at_rest")


@case(
    "openssl/password",
    *BASH,
    version=["openssl", "version"],
    setup="echo hi > a",
)
def openssl(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("openssl enc -aes-256-cbc -pbkdf2 -in a -out b\r")
    wait_quiet(r, "password:")
    r.moment("dialog", "password", "enter AES-256-CBC encryption password:")
    r.type("12345\r")
    wait_quiet(r, "Verifying")
    question = "Verifying - enter AES-256-CBC encryption password:"
    r.moment("dialog", "password", question)
    r.type("12345\r")
    r.quiet()
    r.moment("at_rest")


@case("curl/progress", *BASH, version=["curl", "--version"], setup="truncate -s 9M big")
def curl(r: Recorder) -> None:
    server = subprocess.Popen(
        ["/usr/bin/python3", "-m", "http.server", "-b", "127.0.0.1", "8077"],
        cwd="/tmp/box",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_quiet(r, "$", 1)
        r.type("curl -# --limit-rate 2M -o got http://127.0.0.1:8077/big\r")
        r.wait("#####")
        r.moment("busy")
        r.wait("100.0%")
        r.quiet()
        r.moment("at_rest")
        r.type("curl --limit-rate 2M -o got http://127.0.0.1:8077/big\r")
        r.wait("Current")
        r.sleep(2)
        r.moment("busy")
    finally:
        server.terminate()
        server.wait()


AREAS = [
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic"),
    *("Australia", "Europe", "Indian", "Pacific", "Etc"),
]


@case("debconf/readline", *BASH, root=True, version="debconf of Debian 13")
def debconf_readline(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("dpkg-reconfigure -f readline tzdata\r")
    wait_quiet(r, "Geographic area:", 1)
    r.moment("dialog", "multi_choice", "Geographic area:", AREAS)


@case("debconf/dialog", *BASH, root=True, version=["whiptail", "--version"])
def debconf_dialog(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("dpkg-reconfigure -f dialog tzdata\r")
    wait_quiet(r, "Geographic area:", 1)
    r.moment("dialog", "multi_choice", "Geographic area:", AREAS[3:], 7)


@case("pip/uninstall", *BASH, version=["/tmp/demo-venv/bin/pip", "--version"])
def pip_uninstall(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("/tmp/demo-venv/bin/pip uninstall rich\r")
    wait_quiet(r, "(Y/n)?", 1)
    r.moment("dialog", "confirmation", "Proceed?", ["Y", "n"], 0)
    r.type("n\r", "n")
    r.quiet(1)
    r.moment("at_rest")


@case(
    "npx/proceed",
    *BASH,
    version=["npx", "--version"],
    env={"npm_config_update_notifier": "false"},
)
def npx(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("npx cowsay hello\r")
    wait_quiet(r, "(y)", 1)
    r.moment("dialog", "confirmation", "Ok to proceed?", ["y"], 0)
    r.type("n\r")
    r.quiet(1.5)
    r.moment("at_rest")


CLOSED = """cat > closed.py <<'END'
from http.server import BaseHTTPRequestHandler, HTTPServer
class Closed(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="demo"')
        self.end_headers()
    def log_message(self, *args): pass
HTTPServer(("127.0.0.1", 8078), Closed).serve_forever()
END"""


@case("git/credentials", *BASH, version=GIT, setup=CLOSED)
def git_credentials(r: Recorder) -> None:
    server = subprocess.Popen(["/usr/bin/python3", "closed.py"], cwd="/tmp/box")
    try:
        wait_quiet(r, "$", 1)
        r.type("git clone http://127.0.0.1:8078/demo.git\r")
        wait_quiet(r, "Username for", 1)
        r.moment("question", "free_text", "Username for 'http://127.0.0.1:8078':")
        r.type("demo\r")
        wait_quiet(r, "Password for")
        question = "Password for 'http://demo@127.0.0.1:8078':"
        r.moment("dialog", "password", question)
        r.type("wrong\r")
        wait_quiet(r, "fatal")
        r.moment("at_rest")
    finally:
        server.terminate()
        server.wait()


def _stop_gpg() -> None:
    home = {**os.environ, "GNUPGHOME": "/tmp/box-home/.gnupg"}
    subprocess.run(["gpgconf", "--kill", "all"], env=home, check=False)


@case(
    "gpg/pinentry",
    *BASH,
    root=True,
    version=["gpg", "--version"],
    setup="echo hi > a",
    after=_stop_gpg,
)
def pinentry(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("export GPG_TTY=$(tty); clear; gpg -c a\r")
    wait_quiet(r, "Passphrase:", 1)
    r.moment("dialog", "password", "Enter passphrase")
    r.type("12345")
    r.quiet()
    r.moment("dialog", "password", "Enter passphrase")


@case("watch/runs", *BASH, version=["watch", "--version"])
def watch(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("watch -t -n1 date +%T\r")
    r.sleep(3.3)
    r.moment("busy")
    r.type("\x03")
    r.quiet()
    r.moment("at_rest")
