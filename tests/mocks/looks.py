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
    """How a CLI draws: its marker, its busy line, what stands under a dialog.

    `{}` in `busy` or `busy_hint` is the glyph that turns.
    """

    marker: str
    prompt: str = "$ "
    ghost: str = ""  # What stands in the composer while nothing is typed.
    ruled: bool = False
    hint: str = ""
    busy: str = "working {}"
    busy_hint: str = ""  # Stands where the hint does, if there is one.
    glyphs: str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
    footer: str = ""
    below: str = ""  # Under the frame of a dialog.
    boxed: bool = False
    titles: tuple[str, str, str] = ("", "", "")  # At rest, busy, a dialog.
    number: str = "choose"  # Or `tick`, or `line`: typed, echoed, Enter.


GHOST = "  Type your message or @path/to/file"
SELECT = "Enter to select · ↑/↓ to navigate"
STYLES = {
    "claude": Style(
        "❯",
        "❯ ",
        ruled=True,
        hint="  ? for shortcuts",
        busy="{} Working… (3s · ↓ 25 tokens)",
        busy_hint="  esc to interrupt",
        glyphs="·✢✳✶✻✽",
        footer="Esc to cancel · Tab to amend",
        titles=("✳ Demo", "⠂ Demo", "✳ Demo"),
    ),
    "codex": Style(
        "›",
        "› ",
        "Ask Codex to do anything",
        hint="  ← for agents · ? for shortcuts",
        busy="{} Working (3s • esc to interrupt)",
        glyphs="•◦",
        footer="Press enter to confirm or esc to cancel",
        titles=("demo", "⠋ demo", "[ . ] Action Required | demo"),
    ),
    "gemini": Style(
        "●",
        " > ",
        GHOST,
        ruled=True,
        hint=" /tmp/demo   main   no sandbox   Auto",
        busy=" {} Thinking... (esc to cancel, 3s)",
        boxed=True,
        titles=("◇  Ready (demo)", "✦  Working… (demo)", "✋  Action Required (demo)"),
    ),
    "copilot": Style(
        "❯",
        "❯ ",
        ruled=True,
        hint=" Interactive · Manual Approval · / commands · ? help",
        busy="",
        busy_hint=" {} Working · 39 B esc esc interrupt",
        glyphs="○◎●",
        footer="↑/↓ to navigate · enter to select · esc to cancel",
        boxed=True,
    ),
    "qwen": Style(
        "›",
        "> ",
        GHOST,
        ruled=True,
        hint="  ? for shortcuts",
        busy="  {} Thinking... (3s · ↓ 6 tokens · esc to cancel)",
        below="  ⠏ Waiting for user confirmation...",
        boxed=True,
        titles=("Qwen - demo", "Qwen - demo", "Qwen - demo"),
    ),
    "numbered": Style(" ", number="line"),
    "arrows": Style("❯", footer=SELECT, number="ignore"),
    "checkbox": Style("❯", footer=SELECT, number="tick"),
    "yesno": Style(" ", number="line"),
    "password": Style(" ", number="line"),
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
    rule, inner, below = "─" * width, width - 4, STYLES[name].below
    if not STYLES[name].boxed:
        return [rule, *drawn] if name == "claude" else drawn
    boxed = [f"│ {row[:inner]:<{inner}} │" for row in drawn]
    boxed = [f"╭{rule[2:]}╮", *boxed, f"╰{rule[2:]}╯"]
    return [*boxed, "", below] if below else boxed


def composer(name: str, draft: str, turns: int | None, width: int) -> list[str]:
    """What is drawn while no dialog is up; `turns` of the glyph while it works."""
    style = STYLES[name]
    rule = ["─" * width] if style.ruled else []
    box = [*rule, style.prompt + (draft or style.ghost), *rule]
    if turns is None:
        return [*box, style.hint] if style.hint else box
    glyph = style.glyphs[turns % len(style.glyphs)]
    hint = (style.busy_hint or style.hint).format(glyph)
    above = [style.busy.format(glyph), ""] if style.busy else []
    return [*above, *box, hint] if hint else [*above, *box]
