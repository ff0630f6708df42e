"""Shells: their own prompts, and what their scripts ask."""

from tests.terminal.programs import BASH, BASH_VERSION, case, enter, wait_quiet
from tests.terminal.recorder import Recorder

OLD_MENU = r"""
? Which colour do you want?
> 1. Red
  2. Green
  3. Blue

Do you want to continue? [Y/n]
"""


def _bash(script: str) -> list[str]:
    """An interactive bash that has just been told to run this."""
    return ["bash", "--noprofile", "--rcfile", "/dev/null", "-i", "-c", script]


@case("bash/idle", *BASH, version=BASH_VERSION, setup="touch a b")
def idle(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.moment("at_rest")
    enter(r, "ls", "b")
    r.moment("at_rest")
    r.type("sleep 1000\r")
    r.quiet(1)
    r.moment("quiet_unknown")
    r.type("\x03")
    wait_quiet(r, "^C")
    r.moment("at_rest")
    r.type("sleep 1000 &\r")
    wait_quiet(r, "[1]")
    r.moment("at_rest")
    r.type("echo half a comm")
    r.quiet()
    r.moment("at_rest")


@case("bash/idle_long", *BASH, version=BASH_VERSION)
def idle_long(r: Recorder) -> None:
    wait_quiet(r, "$", 5)
    r.moment("at_rest")


@case(
    "bash/prompt_with_path",
    *BASH,
    version=BASH_VERSION,
    env={"PS1": r"\[\e[01;32m\]demo@box\[\e[00m\]:\[\e[01;34m\]\w\[\e[00m\]\$ "},
)
def prompt_with_path(r: Recorder) -> None:
    wait_quiet(r, "demo@box:/tmp/box$")
    r.moment("at_rest")
    enter(r, "cd ~", "demo@box:~$")
    r.moment("at_rest")


@case("bash/continuation", *BASH, version=BASH_VERSION)
def continuation(r: Recorder) -> None:
    wait_quiet(r, "$")
    enter(r, "echo 'one", ">")
    r.moment("question", "free_text", ">")
    r.type("two'\r")
    wait_quiet(r, "two")
    r.moment("at_rest")
    enter(r, "cat <<END", "cat <<END >")
    r.moment("question", "free_text", ">")


@case("bash/reverse_search", *BASH, version=BASH_VERSION)
def reverse_search(r: Recorder) -> None:
    wait_quiet(r, "$")
    enter(r, "echo hello", "hello")
    r.type("\x12")
    wait_quiet(r, "(reverse-i-search)")
    r.moment("question", "free_text", "(reverse-i-search)")
    r.type("hel")
    wait_quiet(r, "`hel'")
    r.moment("question", "free_text", "(reverse-i-search)")


@case("bash/completion", *BASH, version=BASH_VERSION, setup="touch f$(seq -s ' f' 600)")
def completion(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("cat f\t\t")
    wait_quiet(r, "possibilities?")
    r.moment("dialog", "confirmation", "Display all 600 possibilities?", ["y", "n"])
    r.type("y", "y")
    wait_quiet(r, "--More--")
    r.moment("dialog", "pager")


@case("bash/read_name", *BASH, version=BASH_VERSION)
def read_name(r: Recorder) -> None:
    wait_quiet(r, "$")
    enter(r, "read -p 'Your name: ' x; echo Hello $x", "x Your name:")
    r.moment("question", "free_text", "Your name:")
    enter(r, "Ann", "Hello Ann")
    r.moment("at_rest")


@case("bash/read_yes_no", *BASH, version=BASH_VERSION)
def read_yes_no(r: Recorder) -> None:
    wait_quiet(r, "$")
    enter(r, "read -p 'Delete 3 files? (y/n) ' x; echo got $x", "x Delete 3 files?")
    r.moment("dialog", "confirmation", "Delete 3 files?", ["y", "n"])
    r.type("y\r", "y")
    wait_quiet(r, "got y")
    r.moment("at_rest")


@case("bash/read_one_key", *BASH, version=BASH_VERSION)
def read_one_key(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("read -n1 -r -p 'Overwrite it [y/N]? ' x; echo; echo got $x\r")
    wait_quiet(r, "$x Overwrite it [y/N]?")
    r.moment("dialog", "confirmation", "Overwrite it?", ["y", "N"], 1)
    r.type("n", "N")
    wait_quiet(r, "got n")
    r.moment("at_rest")


@case("bash/read_secret", *BASH, version=BASH_VERSION)
def read_secret(r: Recorder) -> None:
    wait_quiet(r, "$")
    enter(r, "read -s -p 'API key: ' x; echo; echo ${#x}", "#x} API key:")
    r.moment("dialog", "password", "API key:")
    r.type("12345\r")
    wait_quiet(r, "$ read -s -p 'API key: ' x; echo; echo ${#x} API key: 5")
    r.moment("at_rest")


@case("bash/select", *BASH, version=BASH_VERSION)
def select(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("select x in Apple Pear 'Black cherry' Quit; do echo got $x; break; done\r")
    wait_quiet(r, "#?")
    options = ["Apple", "Pear", "Black cherry", "Quit"]
    r.moment("dialog", "multi_choice", "#?", options)
    r.type("3\r", "Black cherry")
    wait_quiet(r, "got Black cherry")
    r.moment("at_rest")


@case(
    "bash/select_again",
    "bash",
    "deploy.sh",
    version=BASH_VERSION,
    setup="""cat > deploy.sh <<'END'
PS3='Where to deploy? '
select x in staging production canary; do
  [ -n "$x" ] && break
  echo "No such place."
done
read -p "Deploy to $x, are you sure? (yes/no): " sure
echo "Deploying to $x"
for n in 1 2 3 4 5 6 7 8 9; do printf '.'; sleep 0.2; done
echo " done"
END""",
)
def select_again(r: Recorder) -> None:
    wait_quiet(r, "deploy?")
    options = ["staging", "production", "canary"]
    r.moment("dialog", "multi_choice", "Where to deploy?", options)
    r.type("7\r")
    wait_quiet(r, "No such place. Where to deploy?")
    r.moment("dialog", "multi_choice", "Where to deploy?", options)
    r.type("1\r", "staging")
    wait_quiet(r, "sure? (yes/no):")
    r.moment(
        "dialog",
        "confirmation",
        "Deploy to staging, are you sure?",
        ["yes", "no"],
    )
    r.type("yes\r", "yes")
    r.wait("...")
    r.moment("busy")
    r.end()


@case(
    "bash/long_options",
    "bash",
    "setup.sh",
    version=BASH_VERSION,
    setup="""cat > setup.sh <<'END'
read -p 'Install recommended packages? [Y/n/q/?] ' a
read -p 'Keep the old configuration? (y)es/(n)o: ' b
printf 'Found 2 of 3 parts.\\n\\n  [a]bort   [r]etry   [i]gnore\\n\\nChoice: '
read c
printf 'Type "delete" to confirm: '
read d
END""",
)
def long_options(r: Recorder) -> None:
    wait_quiet(r, "packages?")
    options = ["Y", "n", "q", "?"]
    r.moment("dialog", "confirmation", "Install recommended packages?", options, 0)
    r.type("n\r", "n")
    wait_quiet(r, "configuration?")
    options = ["yes", "no"]
    r.moment("dialog", "confirmation", "Keep the old configuration?", options)
    r.type("y\r", "yes")
    wait_quiet(r, "Choice:")
    r.moment("dialog", "error_retry", "Choice:", ["abort", "retry", "ignore"])
    r.type("r\r", "retry")
    wait_quiet(r, "confirm:")
    r.moment("question", "free_text", 'Type "delete" to confirm:')


@case(
    "bash/pages",
    "bash",
    "pages.sh",
    version=BASH_VERSION,
    setup="""cat > pages.sh <<'END'
echo 'Welcome to the installer of Demo 2.1.'
echo
read -r -p 'Press ENTER to continue...' _
clear
echo 'The licence: do what you like.'
echo
read -n1 -s -r -p 'Press any key to continue' _
echo
echo Done.
END""",
)
def pages(r: Recorder) -> None:
    wait_quiet(r, "Press ENTER")
    r.moment("dialog", "press_key", "Press ENTER to continue...")
    r.type("\r")
    wait_quiet(r, "any key")
    r.moment("dialog", "press_key", "Press any key to continue")
    r.type(" ")
    r.end()


@case(
    "bash/quoted_menu",
    *BASH,
    version=BASH_VERSION,
    setup=f"cat > notes.txt <<'END'{OLD_MENU}END",
)
def quoted_menu(r: Recorder) -> None:
    wait_quiet(r, "$")
    enter(r, "cat notes.txt", "[Y/n]")
    r.moment("at_rest")


@case(
    "bash/quoted_menu_no_prompt",
    "sh",
    "-c",
    "cat notes.txt; sleep 1000",
    version="dash",
    setup=f"cat > notes.txt <<'END'{OLD_MENU}\nThat was the old installer.\nEND",
)
def quoted_menu_no_prompt(r: Recorder) -> None:
    wait_quiet(r, "old installer", 2)
    r.moment("quiet_unknown")


@case("cat/waits", *BASH, version=["cat", "--version"])
def cat_waits(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("cat\r")
    r.quiet(1)
    r.moment("quiet_unknown")
    enter(r, "a line", "a line a line")
    r.moment("quiet_unknown")
    r.type("\x04")
    r.quiet()
    r.moment("at_rest")


@case("bash/flood", *BASH, version=BASH_VERSION)
def flood(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("for i in {1..400}; do echo line $i of the build; sleep .005; done\r")
    r.wait("line 200 of")
    r.moment("busy")
    wait_quiet(r, "line 400 of the build $")
    r.moment("at_rest")


@case("bash/spinner", *BASH, version=BASH_VERSION)
def spinner(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type(
        r"for i in {1..9}; do for c in '|' / - '\'; do "
        r"""printf "\r$c Compiling ($i s)"; sleep .1; done; done; echo"""
        "\r"
    )
    r.wait("Compiling (3 s)")
    r.moment("busy")
    r.wait("Compiling (7 s)")
    r.moment("busy")
    wait_quiet(r, "(9 s) $")
    r.moment("at_rest")


@case("bash/stopped_job", *BASH, version=BASH_VERSION)
def stopped_job(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("cat\r")
    r.quiet()
    r.type("\x1a")
    wait_quiet(r, "Stopped")
    r.moment("at_rest")


@case(
    "bash/two_line_prompt",
    *BASH,
    version=BASH_VERSION,
    env={"PS1": "\\[\\e[36m\\]\\w\\[\\e[m\\] on main [!?]\\n❯ "},
)
def two_line_prompt(r: Recorder) -> None:
    wait_quiet(r, "[!?]")
    r.moment("at_rest")
    enter(r, "echo '1. Red'", "1. Red")
    r.moment("at_rest")


@case(
    "bash/marked_prompt",
    *BASH,
    version=BASH_VERSION,
    env={
        "PS1": r"\[\e]133;A\a\]$ \[\e]133;B\a\]",
        "PS0": r"\e]133;C\a",
        "PROMPT_COMMAND": r"printf '\e]133;D;%s\a' $?",
    },
)
def marked_prompt(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.moment("at_rest")
    r.type("sleep 2\r")
    r.quiet(1)
    r.moment("quiet_unknown")
    r.sleep(1.5)
    r.moment("at_rest")
    enter(r, "read -p 'Your name: ' x", "x Your name:")
    r.moment("question", "free_text", "Your name:")


@case(
    "bash/narrow",
    *BASH,
    version=BASH_VERSION,
    cols=40,
    rows=12,
)
def narrow(r: Recorder) -> None:
    wait_quiet(r, "$")
    question = "The file settings.toml has been changed by you; overwrite it?"
    enter(r, f"read -p '{question} [y/N] ' x", "' x The file settings.toml has")
    r.moment("dialog", "confirmation", question, ["y", "N"], 1)
    r.resize(100, 30)
    r.quiet()
    r.moment("dialog", "confirmation", question, ["y", "N"], 1)
    r.type("n\r", "N")
    r.quiet()
    r.moment("at_rest")


@case(
    "bash/countdown",
    "bash",
    "boot.sh",
    version=BASH_VERSION,
    setup="""cat > boot.sh <<'END'
for left in 9 8 7 6 5 4 3 2 1; do
  printf '\\rHit any key to stop autoboot: %s ' $left
  read -n1 -s -t1 && break
done
echo; echo Booting; sleep 1000
END""",
)
def countdown(r: Recorder) -> None:
    r.wait("autoboot: 7")
    r.sleep(0.5)
    r.moment("dialog", "press_key", "Hit any key to stop autoboot:")
    r.type("x")
    wait_quiet(r, "Booting")
    r.moment("quiet_unknown")


@case(
    "bash/spinner_above_menu",
    "bash",
    "ask.sh",
    version=BASH_VERSION,
    setup="""cat > ask.sh <<'END'
printf '\\n\\n  Apply these changes?\\n\\n  > 1. Yes\\n    2. No\\n'
while :; do for c in '|' / - '\\'; do
  printf '\\e7\\e[1;1H%s Reading files\\e8' "$c"
  read -s -n1 -t.2 && exit
done; done
END""",
)
def spinner_above_menu(r: Recorder) -> None:
    r.wait("Reading files")
    r.sleep(2)
    r.moment("dialog", "multi_choice", "Apply these changes?", ["Yes", "No"], 0)
    r.sleep(1.1)
    r.moment("dialog", "multi_choice", "Apply these changes?", ["Yes", "No"], 0)


@case(
    "bash/asks_in_passing",
    "bash",
    "build.sh",
    version=BASH_VERSION,
    setup="""cat > build.sh <<'END'
echo 'Continue without signing? [y/N] y (assumed)'
echo 'Password: taken from the environment'
for i in 1 2 3 4 5 6 7 8 9; do echo "Compiling part $i"; sleep 0.4; done
END""",
)
def asks_in_passing(r: Recorder) -> None:
    r.wait("part 3")
    r.moment("busy")
    r.sleep(1)
    r.moment("busy")


@case(
    "bash/numbers",
    "bash",
    "backup.sh",
    version=BASH_VERSION,
    setup="""cat > backup.sh <<'END'
cat <<'MENU'
==============================
        BACKUP MANAGER
==============================
 1. Back up now
 2. Restore from a backup
 3. Show the log
 q. Quit
==============================
MENU
read -p 'Enter your choice [1-3,q]: ' choice
END""",
)
def numbers(r: Recorder) -> None:
    wait_quiet(r, "Enter your choice")
    options = ["Back up now", "Restore from a backup", "Show the log", "Quit"]
    r.moment("dialog", "multi_choice", "Enter your choice", options)


@case("tail/follows", *BASH, version=["tail", "--version"], setup="echo Ready? > log")
def tail(r: Recorder) -> None:
    wait_quiet(r, "$")
    enter(r, "tail -f log", "Ready?")
    r.quiet(1)
    r.moment("quiet_unknown")


ZSH = ["zsh", "-f"]


@case("zsh/idle", *ZSH, version=["zsh", "--version"], env={"PS1": "%~ %# "})
def zsh(r: Recorder) -> None:
    wait_quiet(r, "/tmp/box %")
    r.moment("at_rest")
    r.type("read 'x?Your name: '; echo Hello $x\r")
    wait_quiet(r, "$x Your name:")
    r.moment("question", "free_text", "Your name:")
    enter(r, "Ann", "Hello Ann")
    r.moment("at_rest")
    enter(r, "echo 'one", "quote>")
    r.moment("question", "free_text", "quote>")
    r.type("'\r")
    r.quiet()
    r.type("sleep 1000\r")
    r.quiet(1)
    r.moment("quiet_unknown")


@case("zsh/read_key", *ZSH, version=["zsh", "--version"], env={"PS1": "%# "})
def zsh_read_key(r: Recorder) -> None:
    wait_quiet(r, "%")
    r.type("read -q 'x?Remove it? [y/n] '\r")
    wait_quiet(r, "' Remove it?")
    r.moment("dialog", "confirmation", "Remove it?", ["y", "n"])
    r.type("y", "y")
    r.quiet()
    r.moment("at_rest")


@case(
    "zsh/queries",
    *ZSH,
    version=["zsh", "--version"],
    env={"PS1": "%# "},
    setup="touch one two three; mkdir many; cd many; seq 300 | xargs touch",
)
def zsh_queries(r: Recorder) -> None:
    wait_quiet(r, "%")
    r.type("rm *\r")
    wait_quiet(r, "[yn]?")
    sure = "sure you want to delete all 4 files in /tmp/box?"
    r.moment("dialog", "confirmation", sure, ["y", "n"])
    r.type("n", "n")
    r.quiet()
    r.moment("at_rest")
    r.type("setopt correct; autoload -U compinit; compinit -u\r")
    r.quiet(1)
    r.type("lss many\r")
    wait_quiet(r, "[nyae]?")
    keys = ["n", "y", "a", "e"]
    r.moment("dialog", "confirmation", "correct 'lss' to 'ss'?", keys)
    r.type("a", "a")
    r.quiet()
    r.moment("at_rest")
    r.type("ls many/\t")
    wait_quiet(r, "possibilities")
    r.moment(
        "dialog",
        "confirmation",
        "do you wish to see all 300 possibilities?",
        ["y", "n"],
    )
    r.type("n", "n")
    r.quiet()
    r.moment("at_rest")
    r.type("\x15select a in red green; do break; done\r")
    wait_quiet(r, "?#")
    r.moment("dialog", "multi_choice", "?#", ["red", "green"])
    r.type("2\r", "green")
    r.quiet()
    r.moment("at_rest")


@case(
    "zsh/menu_completion",
    *ZSH,
    version=["zsh", "--version"],
    env={"PS1": "%# "},
    setup="mkdir alpha beta gamma",
)
def zsh_menu(r: Recorder) -> None:
    wait_quiet(r, "%")
    r.type("autoload -U compinit; compinit -u; zstyle ':completion:*' menu select\r")
    r.quiet()
    r.type("\x0c")
    r.type("cd \t\t")
    wait_quiet(r, "gamma")
    r.moment("dialog", "multi_choice", None, ["alpha/", "beta/", "gamma/"], 0)
    r.type("\t")
    r.quiet()
    r.moment("dialog", "multi_choice", None, ["alpha/", "beta/", "gamma/"], 1)
    r.type("\r", "beta/")
    r.quiet()
    r.moment("at_rest")


FISH_SETUP = """mkdir -p $HOME/.config/fish
cat > $HOME/.config/fish/config.fish <<'END'
set fish_greeting
function fish_prompt; echo -n "demo@box "(prompt_pwd)"> "; end
END"""


@case("fish/idle", "fish", version=["fish", "--version"], setup=FISH_SETUP)
def fish(r: Recorder) -> None:
    wait_quiet(r, "demo@box", 1)
    r.moment("at_rest")
    r.type("sleep 1000\r")
    r.quiet(1)
    r.moment("quiet_unknown")
    r.type("\x03")
    r.quiet(1)
    r.moment("at_rest")
    r.type("read -P 'Your name: ' x\r")
    wait_quiet(r, "Your name: ", 1)
    r.moment("question", "free_text", "Your name:")
    r.type("Ann\r")
    r.quiet(1)
    r.moment("at_rest")
