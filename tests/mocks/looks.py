"""What the mock agents draw: the dialogs they know, and their styles."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialog:
    """A question and its options; the last one is what Esc means."""

    head: str
    body: str
    question: str
    options: tuple[str, ...]


ALWAYS = "Yes, and don't ask again for this (p)"
DIALOGS = (
    Dialog("Bash command", "rm -r build", "Proceed?", ("Yes (y)", ALWAYS, "No (esc)")),
    Dialog("Bash command", "rm -r build", "Proceed?", ("No (n)", "Yes (y)")),
    Dialog("Edit file", "app.py", "Make this edit?", ("Yes (y)", ALWAYS, "No (esc)")),
    Dialog("Workspace", "/tmp/demo", "Trust it?", ("Yes, I trust it", "No, exit")),
    Dialog("Workspace", "/tmp/demo", "Leave it?", ("No, stay", "Yes, exit")),
    Dialog("Database", "", "Which one?", ("SQLite", "PostgreSQL", "Files", "None")),
    Dialog("Push", "git push --force", "Force it?", ("Yes (y)", "No (esc)")),
)


@dataclass(frozen=True)
class Style:
    """How a CLI draws: its marker, its busy line, what stands under a dialog."""

    marker: str
    prompt: str = "❯ "
    busy: str = "✻ Working… (3s · esc to interrupt)"
    footer: str = ""
    hint: str = "  ? for shortcuts"
    boxed: bool = False
    titles: tuple[str, str, str] = ("", "", "")  # At rest, busy, a dialog.
    number: str = "choose"  # Or `move`, or `line`: typed, echoed, Enter.


SELECT = "Enter to select · ↑/↓ to navigate"
STYLES = {
    "claude": Style("❯", footer="Esc to cancel · Tab to amend", titles=("✳", "⠂", "✳")),
    "codex": Style(
        "›",
        "› ",
        "• Working (3s • esc to interrupt)",
        "Press enter to confirm or esc to cancel",
        titles=("demo", "⠋ demo", "[ . ] Action Required | demo"),
    ),
    "gemini": Style(
        "●",
        " > ",
        "⠏ Thinking… (esc to cancel, 3s)",
        boxed=True,
        titles=("◇  Ready (demo)", "✦  Working… (demo)", "✋  Action Required (demo)"),
    ),
    "copilot": Style(
        "❯",
        busy="◐ Working (Esc to cancel)",
        footer="↑/↓ to navigate · enter to select · esc to cancel",
        hint=" Interactive · / commands · ? help",
        boxed=True,
    ),
    "qwen": Style("›", "> ", "⠏ Thinking… (3s · esc to cancel)", boxed=True),
    "numbered": Style(" ", "$ ", "working", hint="", number="line"),
    "arrows": Style("❯", "$ ", "working", SELECT, "", number="ignore"),
    "checkbox": Style("❯", "$ ", "working", SELECT, "", number="tick"),
    "yesno": Style(" ", "$ ", "working", hint="", number="line"),
    "password": Style(" ", "$ ", "working", hint="", number="line"),
}


def rows(name: str, dialog: Dialog, at: int, ticks: set[int], line: str) -> list[str]:
    """The dialog without its frame, in the style of this name."""
    style = STYLES[name]
    if name == "password":
        return ["Password: "]
    if name == "yesno":
        return [f"{dialog.head}: {dialog.body}", f"{dialog.question} [y/N] {line}"]
    drawn = [f" {dialog.head}", f"   {dialog.body}", "", f" {dialog.question}"]
    for i, label in enumerate(dialog.options):
        number = "" if name == "arrows" else f"{i + 1}. "
        tick = f"[{'x' if i in ticks else ' '}] " if name == "checkbox" else ""
        marker = style.marker if i == at else " "
        drawn.append(f" {marker} {number}{tick}{label}")
    if name == "numbered":
        drawn.append(f"#? {line}")
    elif style.footer:
        drawn += ["", f" {style.footer}"]
    return drawn


def framed(name: str, drawn: list[str], width: int) -> list[str]:
    """The same with the rule or the box that this style puts around it."""
    rule, inner = "─" * width, width - 4
    if not STYLES[name].boxed:
        return [rule, *drawn] if name == "claude" else drawn
    boxed = [f"│ {row[:inner]:<{inner}} │" for row in drawn]
    return [f"╭{rule[2:]}╮", *boxed, f"╰{rule[2:]}╯"]


def composer(name: str, draft: str, busy: bool, width: int) -> list[str]:
    """What is drawn while no dialog is up."""
    style = STYLES[name]
    box = [style.prompt + draft]
    if style.hint:
        box = ["─" * width, *box, "─" * width, style.hint]
    return [style.busy, "", *box] if busy else box
