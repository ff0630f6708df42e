"""Whole dialogs drawn with characters: whiptail, dialog, fzf."""

from tests.terminal.programs import case, wait_quiet
from tests.terminal.recorder import Recorder

WHIPTAIL = ["whiptail", "--version"]
DIALOG = ["dialog", "--version"]
DOWN, TAB, ESC = "\x1bOB", "\t", "\x1b"


def _then_shell(command: str) -> list[str]:
    """The dialog, and after it a prompt."""
    return ["bash", "-c", f"{command}; exec bash --norc --noprofile"]


@case(
    "whiptail/yesno",
    *_then_shell("whiptail --yesno 'Do you want to install the boot loader?' 9 50"),
    version=WHIPTAIL,
    env={"PS1": "$ "},
)
def whiptail_yesno(r: Recorder) -> None:
    wait_quiet(r, "<Yes>")
    question = "Do you want to install the boot loader?"
    r.moment("dialog", "confirmation", question, ["Yes", "No"], 0)
    r.type(TAB)
    r.quiet()
    r.moment("dialog", "confirmation", question, ["Yes", "No"], 1)
    r.type("\r", "No")
    r.quiet()
    r.moment("at_rest")


@case(
    "whiptail/menu",
    *_then_shell(
        "whiptail --title Disks --menu 'Where do you want to install?' 15 60 4 "
        "1 'First disk' 2 'Second disk' 3 'A USB stick' 4 'Go back'"
    ),
    version=WHIPTAIL,
)
def whiptail_menu(r: Recorder) -> None:
    wait_quiet(r, "Go back")
    question = "Where do you want to install?"
    options = ["First disk", "Second disk", "A USB stick", "Go back"]
    r.moment("dialog", "multi_choice", question, options, 0)
    r.type(DOWN)
    r.quiet()
    r.type(DOWN)
    r.quiet()
    r.moment("dialog", "multi_choice", question, options, 2)
    r.type("\r", "A USB stick")
    r.quiet()
    r.moment("at_rest")


@case(
    "whiptail/checklist",
    "whiptail",
    "--checklist",
    "Which parts do you want?",
    "14",
    "60",
    "4",
    *("docs", "Manuals", "on", "src", "Source code", "off"),
    *("demo", "Demonstrations", "off", "fonts", "More fonts", "on"),
    version=WHIPTAIL,
)
def whiptail_checklist(r: Recorder) -> None:
    wait_quiet(r, "fonts")
    question = "Which parts do you want?"
    options = [
        "docs Manuals",
        "src Source code",
        "demo Demonstrations",
        "fonts More fonts",
    ]
    r.moment(
        "dialog",
        "multi_choice",
        question,
        options,
        0,
        True,
        [True, False, False, True],
    )
    r.type(DOWN)
    r.quiet()
    r.type(" ")
    r.quiet()
    r.moment(
        "dialog", "multi_choice", question, options, 1, True, [True, True, False, True]
    )
    r.type(TAB)
    r.quiet()
    r.moment(
        "dialog",
        "multi_choice",
        question,
        options,
        None,
        True,
        [True, True, False, True],
    )


@case(
    "whiptail/radiolist",
    "whiptail",
    "--radiolist",
    "Keyboard layout",
    "12",
    "50",
    "3",
    *("us", "American", "off", "de", "German", "on", "fr", "French", "off"),
    version=WHIPTAIL,
)
def whiptail_radiolist(r: Recorder) -> None:
    wait_quiet(r, "fr")
    options = ["us American", "de German", "fr French"]
    checked = [False, True, False]
    r.moment("dialog", "multi_choice", "Keyboard layout", options, 0, checked=checked)


@case(
    "whiptail/inputbox",
    *_then_shell("whiptail --inputbox 'Name of this machine:' 9 50 debian"),
    version=WHIPTAIL,
)
def whiptail_inputbox(r: Recorder) -> None:
    wait_quiet(r, "<Ok>")
    r.moment("dialog", "free_text", "Name of this machine:")
    r.type("-2\r")
    r.quiet()
    r.moment("at_rest")


@case(
    "whiptail/passwordbox",
    "whiptail",
    "--passwordbox",
    "Password of the new user:",
    "9",
    "50",
    version=WHIPTAIL,
)
def whiptail_passwordbox(r: Recorder) -> None:
    wait_quiet(r, "<Ok>")
    r.moment("dialog", "password", "Password of the new user:")
    r.type("abc")
    r.quiet()
    r.moment("dialog", "password", "Password of the new user:")


@case(
    "whiptail/msgbox",
    *_then_shell("whiptail --msgbox 'The disk is nearly full.' 9 50"),
    version=WHIPTAIL,
)
def whiptail_msgbox(r: Recorder) -> None:
    wait_quiet(r, "<Ok>")
    r.moment("dialog", "press_key", "The disk is nearly full.", ["Ok"], 0)
    r.type("\r", "Ok")
    r.quiet()
    r.moment("at_rest")


@case(
    "whiptail/gauge",
    "bash",
    "-c",
    "for i in {1..50}; do echo $((i * 2)); sleep .1; done | "
    "whiptail --gauge 'Copying files' 7 50 0",
    version=WHIPTAIL,
)
def whiptail_gauge(r: Recorder) -> None:
    r.wait("40%")
    r.moment("busy")


@case(
    "dialog/yesno",
    *_then_shell("dialog --yesno 'Delete the old kernel?' 7 50"),
    version=DIALOG,
)
def dialog_yesno(r: Recorder) -> None:
    wait_quiet(r, "No")
    question = "Delete the old kernel?"
    r.moment("dialog", "confirmation", question, ["Yes", "No"], 0)
    r.type(TAB)
    r.quiet()
    r.moment("dialog", "confirmation", question, ["Yes", "No"], 1)
    r.type("\r", "No")
    r.quiet()
    r.moment("at_rest")


@case(
    "dialog/menu",
    "dialog",
    "--menu",
    "Choose a time zone",
    "15",
    "50",
    "5",
    *("1", "Europe/Berlin", "2", "Europe/Paris", "3", "America/Lima", "4", "Etc/UTC"),
    version=DIALOG,
)
def dialog_menu(r: Recorder) -> None:
    wait_quiet(r, "Etc/UTC")
    options = ["Europe/Berlin", "Europe/Paris", "America/Lima", "Etc/UTC"]
    r.moment("dialog", "multi_choice", "Choose a time zone", options, 0)
    r.type(DOWN)
    r.quiet()
    r.moment("dialog", "multi_choice", "Choose a time zone", options, 1)
    r.resize(100, 30)
    r.quiet(1)
    r.moment("dialog", "multi_choice", "Choose a time zone", options, 1)


@case(
    "dialog/checklist",
    "dialog",
    "--checklist",
    "Services to start at boot",
    "13",
    "56",
    "4",
    *("ssh", "Secure shell", "on", "cron", "Timed jobs", "on"),
    *("cups", "Printing", "off"),
    version=DIALOG,
)
def dialog_checklist(r: Recorder) -> None:
    wait_quiet(r, "Printing")
    question = "Services to start at boot"
    options = ["ssh Secure shell", "cron Timed jobs", "cups Printing"]
    r.moment("dialog", "multi_choice", question, options, 0, True, [True, True, False])
    r.type(" ")
    r.quiet()
    r.moment("dialog", "multi_choice", question, options, 0, True, [False, True, False])


@case(
    "dialog/inputbox", "dialog", "--inputbox", "Mail goes to", "8", "50", version=DIALOG
)
def dialog_inputbox(r: Recorder) -> None:
    wait_quiet(r, "Cancel")
    r.moment("dialog", "free_text", "Mail goes to")


FRUITS = ["apple", "banana", "cherry", "elderberry", "fig", "grape", "lemon", "mango"]
FRUIT = f"printf '%s\\n' {' '.join(FRUITS)}"


@case(
    "fzf/list",
    *_then_shell(f"{FRUIT} | fzf --height=12"),
    version=["fzf", "--version"],
)
def fzf_list(r: Recorder) -> None:
    wait_quiet(r, "8/8", 1)
    options = FRUITS[::-1]
    r.moment("dialog", "multi_choice", None, options, 7)
    r.type("an")
    wait_quiet(r, "an", 1)
    r.moment("dialog", "multi_choice", None, ["banana", "mango"], 1)
    r.type("\r", "mango")
    r.quiet(1)
    r.moment("at_rest")


@case(
    "fzf/reverse_header",
    *_then_shell(f"{FRUIT} | fzf --reverse --header='Pick a fruit' --prompt='fruit> '"),
    version=["fzf", "--version"],
)
def fzf_reverse(r: Recorder) -> None:
    wait_quiet(r, "8/8", 1)
    options = FRUITS
    r.moment("dialog", "multi_choice", "Pick a fruit", options, 0)
    r.type(DOWN)
    r.quiet()
    r.moment("dialog", "multi_choice", "Pick a fruit", options, 1)
    r.type(ESC)
    r.quiet(1)
    r.moment("at_rest")


@case(
    "fzf/multi",
    "bash",
    "-c",
    f"{FRUIT} | fzf -m --reverse",
    version=["fzf", "--version"],
)
def fzf_multi(r: Recorder) -> None:
    wait_quiet(r, "8/8", 1)
    r.type(TAB)
    r.quiet()
    options = FRUITS
    checked = [True] + [False] * 7
    r.moment("dialog", "multi_choice", None, options, 1, True, checked)
    r.type(DOWN)
    r.quiet()
    r.type(TAB)
    r.quiet()
    checked[2] = True
    r.moment("dialog", "multi_choice", None, options, 3, True, checked)
