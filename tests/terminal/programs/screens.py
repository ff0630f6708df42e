"""Pagers, editors and other programs that take the whole screen."""

from tests.terminal.programs import BASH, case, wait_quiet
from tests.terminal.programs.shells import OLD_MENU
from tests.terminal.recorder import Recorder

LESS = ["less", "--version"]
VIM = ["vim", "--version"]
NANO = ["nano", "--version"]
GIT = ["git", "--version"]
SEQ = "seq -f 'line %g of the text' 100 > text"
REPO = """export GIT_AUTHOR_DATE='2024-05-01T12:00:00Z'
export GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
git config --global user.name Demo; git config --global user.email demo@example.org
git config --global init.defaultBranch main; git config --global advice.addIgnoredFile 0
git init -q . ; seq 30 > numbers; git add . ; git commit -qm 'Count to thirty'
"""
MANY = 'for i in $(seq 30); do git commit -q --allow-empty -m "Step $i"; done'


@case("less/pages", "less", "text", version=LESS, setup=SEQ)
def less_pages(r: Recorder) -> None:
    wait_quiet(r, "text")
    r.moment("dialog", "pager")
    r.type(" ")
    wait_quiet(r, ":")
    r.moment("dialog", "pager")
    r.type("/line 6")
    wait_quiet(r, "/line 6")
    r.moment("dialog", "pager")
    r.type("\r")
    wait_quiet(r, ":")
    r.type("G")
    wait_quiet(r, "(END)")
    r.moment("dialog", "pager")
    r.type("/nowhere\r")
    wait_quiet(r, "Pattern not found")
    r.moment("dialog", "press_key", "Pattern not found (press RETURN)")


@case("less/from_shell", *BASH, version=LESS, setup=SEQ)
def less_from_shell(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("less text\r")
    wait_quiet(r, "text")
    r.moment("dialog", "pager")
    r.type("q")
    r.quiet()
    r.moment("at_rest")


@case("less/no_alternate", *BASH, version=LESS, setup=SEQ)
def less_no_alternate(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("head -60 text | less -X\r")
    wait_quiet(r, ":")
    r.moment("dialog", "pager")
    r.type("G")
    wait_quiet(r, "(END)")
    r.moment("dialog", "pager")
    r.type("q")
    r.quiet()
    r.moment("at_rest")


@case(
    "less/quoted_menu",
    "less",
    "notes.txt",
    version=LESS,
    setup=f"cat > notes.txt <<'END'{OLD_MENU}END",
)
def less_quoted_menu(r: Recorder) -> None:
    wait_quiet(r, "notes.txt")
    r.moment("dialog", "pager")


@case("less/help", "less", "text", version=LESS, setup=SEQ)
def less_help(r: Recorder) -> None:
    wait_quiet(r, "text")
    r.type("h")
    wait_quiet(r, "HELP")
    r.moment("dialog", "pager")


@case("more/pages", *BASH, version=["more", "--version"], setup=SEQ)
def more_pages(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("more text\r")
    wait_quiet(r, "--More--")
    r.moment("dialog", "pager")
    r.type(" ")
    r.quiet()
    r.moment("dialog", "pager")
    r.type("q")
    r.quiet()
    r.moment("at_rest")


MANUAL = """cat > demo.1 <<'END'
.TH DEMO 1 "May 2024" "Demo 2.1" "User Commands"
.SH NAME
demo \\- asks what nobody wants to know
.SH OPTIONS
END
for i in $(seq 40); do printf '.TP\\n.B \\\\-o%s\\nOption %s.\\n' $i $i; done >> demo.1
"""


@case("man/page", *BASH, version=["man", "--version"], setup=MANUAL)
def man(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("man ./demo.1\r")
    wait_quiet(r, "Manual page", 1)
    r.moment("dialog", "pager")
    r.type("q")
    r.quiet()
    r.moment("at_rest")


@case("git/log", *BASH, version=GIT, setup=REPO + MANY)
def git_log(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("git log\r")
    wait_quiet(r, "Step 28")
    r.moment("dialog", "pager")
    r.type("G")
    wait_quiet(r, "(END)")
    r.moment("dialog", "pager")
    r.type("q")
    r.quiet()
    r.moment("at_rest")


@case("vim/modes", "vim", "-u", "DEFAULTS", "text", version=VIM, setup=SEQ)
def vim_modes(r: Recorder) -> None:
    wait_quiet(r, "line 3", 1)
    r.moment("dialog", "editor")
    r.type("ihello ")
    wait_quiet(r, "-- INSERT --")
    r.moment("dialog", "editor")
    r.type("\x1b")
    r.quiet(1)
    r.type(":q\r")
    wait_quiet(r, "E37")
    r.moment("dialog", "editor")
    r.type(":s")
    r.quiet()
    r.moment("dialog", "editor")


@case("vim/from_shell", *BASH, version=VIM, setup=SEQ)
def vim_from_shell(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("vim -u NONE text\r")
    wait_quiet(r, "line 3", 1)
    r.moment("dialog", "editor")
    r.type(":q\r")
    r.quiet()
    r.moment("at_rest")


@case("vim/press_enter", "vim", "-u", "NONE", "text", version=VIM, setup=SEQ)
def vim_press_enter(r: Recorder) -> None:
    wait_quiet(r, "line 3", 1)
    r.type(":!echo hello\r")
    wait_quiet(r, "Press ENTER")
    question = "Press ENTER or type command to continue"
    r.moment("dialog", "press_key", question)
    r.type("\r")
    wait_quiet(r, "line 3")
    r.moment("dialog", "editor")


@case(
    "vim/swap_file",
    "vim",
    "-u",
    "DEFAULTS",
    "text",
    version=VIM,
    setup=SEQ + "; vim -u NONE -es -c 'normal ox' -c preserve "
    "-c 'call system(\"kill -9 \" . getpid())' text || true",
)
def vim_swap_file(r: Recorder) -> None:
    wait_quiet(r, "(Q)uit", 1)
    options = ["Open Read-Only", "Edit anyway", "Recover", "Delete it", "Quit", "Abort"]
    question = 'Swap file ".text.swp" already exists!'
    r.moment("dialog", "error_retry", question, options, 0)
    r.type("q", "Quit")
    r.end()


@case(
    "git/rebase",
    *BASH,
    version=GIT,
    env={"EDITOR": "vim"},
    setup=REPO + MANY,
)
def git_rebase(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("git rebase -i HEAD~3\r")
    wait_quiet(r, "pick", 1)
    r.moment("dialog", "editor")
    r.type(":q\r")
    wait_quiet(r, "Successfully rebased")
    r.moment("at_rest")


@case("git/commit", *BASH, version=GIT, env={"EDITOR": "nano"}, setup=REPO)
def git_commit(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("git commit --allow-empty\r")
    wait_quiet(r, "^X Exit", 1)
    r.moment("dialog", "editor")
    r.type("A message")
    r.quiet()
    r.moment("dialog", "editor")
    r.type("\x18")
    wait_quiet(r, "Save modified buffer?")
    options = ["Yes", "No", "Cancel"]
    r.moment("dialog", "confirmation", "Save modified buffer?", options)
    r.type("y", "Yes")
    wait_quiet(r, "Write to File:")
    r.moment("dialog", "free_text", "Write to File:")
    r.type("\r")
    wait_quiet(r, "A message")
    r.quiet()
    r.moment("at_rest")


@case("nano/edit", "nano", "text", version=NANO, setup=SEQ)
def nano_edit(r: Recorder) -> None:
    wait_quiet(r, "^X Exit", 1)
    r.moment("dialog", "editor")
    r.type("\x17")
    wait_quiet(r, "Search:")
    r.moment("dialog", "free_text", "Search:")
    r.type("line 50\r")
    r.quiet()
    r.moment("dialog", "editor")


@case("top/runs", *BASH, version=["top", "-V"])
def top(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("top -p 1 -d 1\r")
    wait_quiet(r, "COMMAND")
    r.moment("busy")
    r.sleep(3.5)
    r.moment("busy")
    r.type("q")
    r.quiet()
    r.moment("at_rest")


@case("tmux/confirm", *BASH, version=["tmux", "-V"])
def tmux(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("tmux -L demo -f /dev/null new -s one 'sh -i'\r")
    wait_quiet(r, "[one]", 1)
    r.moment("at_rest")
    r.type("\x02&")
    wait_quiet(r, "(y/n)")
    r.moment("dialog", "confirmation", "kill-window sh?", ["y", "n"])
    r.type("y", "y")
    wait_quiet(r, "[exited]")
    r.moment("at_rest")
