"""From one look to a verdict: the rules in their order, the first that fires decides.

A shell that says it is at its prompt, or edits its command line, stands above what its
screen shows; then pagers and editors, which show any text; then menus, which are modal;
then what the driver knows of its agent; then what is asked at the cursor; then time.
Nothing is held idle because it is quiet.
"""

import re
from collections.abc import Iterator

import attrs

from ant.terminal.agents.driver import Driver, Rule, driver_for
from ant.terminal.detect.checkboxes import find_boxes
from ant.terminal.detect.composer import composer_of, find_busy, find_spinner, first_row
from ant.terminal.detect.cursor_prompts import find_ask
from ant.terminal.detect.dialog_subject import lines_above, subject_of
from ant.terminal.detect.menus import (
    BODY,
    excerpt,
    find_menu,
    find_menu_above,
    is_footer,
    question_above,
)
from ant.terminal.detect.pagers import find_view
from ant.terminal.detect.shells import find_shell_ask, find_zsh_ask, takes_commands
from ant.terminal.detect.typed_choices import YES_NO, choices_above, find_above
from ant.terminal.detect.widgets import find_widget
from ant.terminal.model.prompt import Form, Kind, Prompt, PromptClass, Verdict
from ant.terminal.model.tty import ShellStep, Tty
from ant.terminal.screen.snapshot import ScreenSnapshot, is_border

BUSY_S = 1.0
"""Output so recent means work, when nothing else is known."""

MODAL = 24
"""Rows from the last one up in which a dialog is known by its title or its keys."""

_AT_REST = re.compile(
    r"(>>>|\((Pdb|ipdb|gdb|lldb|Pydb)\+*\)|In \[\d+\]:|(sqlite|mysql|ftp|psql|ghci)>|"
    r"irb.*[>*]|\w{1,16}[=#-]*[>#]|>) "
    r"|[\w.@:~/\[\]() +-]*([$#❯λ➜»]|(?<!\d)%) ?"
)
_NUMBERED = re.compile(r"\s*\S\s+\d+[.)]\s")
_CONFIRMS = re.compile(
    r"\b(shall i|should i|want me to|ok(ay)? to|are you sure|proceed|go ahead|"
    r"would you like me to|do you want me to)\b|\by/n\b",
    re.IGNORECASE,
)
_CHOOSES = re.compile(
    r"\b(which (one|of|option|file|would)|(choose|pick) (one|an?)|select one)\b",
    re.IGNORECASE,
)


def classify(snapshot: ScreenSnapshot, flag: str | None = None) -> Verdict:
    """What is held true of that look; `flag` names the session's driver."""
    program = snapshot.tty.foreground if snapshot.tty else ""
    for verdict in _verdicts(snapshot, driver_for(flag, program)):
        return verdict
    waits = snapshot.tty is not None and bool(snapshot.tty.reading)
    busy = snapshot.quiet_s < BUSY_S and not waits
    return _say(snapshot, Kind.BUSY if busy else Kind.QUIET_UNKNOWN, "time")


def _verdicts(snapshot: ScreenSnapshot, driver: Driver | None) -> Iterator[Verdict]:
    if (asked := find_zsh_ask(snapshot)) is not None:
        yield _ask(snapshot, asked)
    if (rule := takes_commands(snapshot.tty)) is not None:
        if (asked := find_shell_ask(snapshot)) is not None:
            yield _ask(snapshot, asked)
        yield _say(snapshot, Kind.AT_REST, rule, snapshot.cursor.row)
    if (view := find_view(snapshot)) is not None:
        yield _ask(snapshot, view)
    if driver and (boxes := find_boxes(snapshot, driver)) is not None:
        yield _ask(snapshot, _classed(snapshot, boxes, driver))
    menu = find_widget(snapshot) or find_menu(snapshot)
    if menu is not None and not (driver and _is_composer(snapshot, menu, driver)):
        yield _ask(snapshot, _about(snapshot, menu, driver))
    if driver is not None:
        yield from _of_agent(snapshot, driver)
    is_deaf = snapshot.tty is not None and (
        snapshot.tty.is_deaf or _is_hidden(snapshot.tty)
    )
    if not is_deaf and (asked := find_above(snapshot)) is not None:
        yield _ask(snapshot, _about(snapshot, asked, driver))
    if _is_at_rest(snapshot):
        turning = (
            find_spinner(snapshot, snapshot.cursor.row) if _draws(snapshot) else None
        )
        if turning is not None:
            yield _say(snapshot, Kind.BUSY, "spinner", turning)
        yield _say(snapshot, Kind.AT_REST, "prompt", snapshot.cursor.row)
    if (asked := find_ask(snapshot)) is not None:
        yield _ask(snapshot, _about(snapshot, asked, driver))


def _is_composer(snapshot: ScreenSnapshot, menu: Prompt, driver: Driver) -> bool:
    """Whether the mark of a menu without numbers is that of where a person writes."""
    first, last = menu.rows
    found = first_row(snapshot, range(first, last + 1), driver.composer)
    return found is not None and not _NUMBERED.match(snapshot.bare[found[0]])


def _about(snapshot: ScreenSnapshot, asked: Prompt, driver: Driver | None) -> Prompt:
    """A prompt with its subject: as the driver tells, else what stands above it."""
    if driver is not None and asked.kind is Kind.DIALOG:
        return _classed(snapshot, asked, driver)
    first = asked.rows[0]
    first = snapshot.typed_row if first == snapshot.cursor.row else first
    return attrs.evolve(asked, subject=lines_above(snapshot, first))


def _classed(snapshot: ScreenSnapshot, menu: Prompt, driver: Driver) -> Prompt:
    """A menu with the class that the driver knows for its text, and its subject."""
    is_taken = any(each.keys for each in menu.options)
    if menu.form is Form.BOXES and not (driver.ticks or is_taken):
        menu = attrs.evolve(menu, form=Form.VIEW)
    if menu.kind is not Kind.DIALOG:
        return menu
    cancel = menu.cancel or ("\x1b" if driver.escapes else "")
    subject = subject_of(snapshot, menu.rows[0], driver)
    text = " ".join(menu.text.split())  # On a narrow screen a question is wrapped.
    for rule in driver.dialog:
        if (found := rule.pattern.search(text)) is not None:
            return attrs.evolve(
                menu,
                class_=rule.class_ or menu.class_,
                question=found.groupdict().get("question") or menu.question,
                rule=f"{driver.name}/{rule.id}",
                cancel=cancel,
                subject=subject,
            )
    return attrs.evolve(menu, cancel=cancel, subject=subject)


def _of_agent(snapshot: ScreenSnapshot, driver: Driver) -> Iterator[Verdict]:
    """Busy, at rest, or at rest below a question of its own."""
    composer = composer_of(snapshot, driver)
    busy = find_busy(snapshot, driver, composer[0] if composer else None)
    if busy is not None:
        yield _say(snapshot, Kind.BUSY, f"{driver.name}/{busy[1]}", busy[0])
    modal = first_row(snapshot, range(snapshot.last, -1, -1)[:MODAL], driver.modal)
    if modal is not None and (composer is None or composer[0] < modal[0]):
        yield _ask(snapshot, _modal(snapshot, *modal, driver))
    if composer is None:
        return
    row, rule = composer
    if (menu := find_menu_above(snapshot, row)) is not None:
        yield _ask(snapshot, _classed(snapshot, menu, driver))
    if snapshot.quiet_s < driver.rest_ms / 1000:
        yield _say(snapshot, Kind.BUSY, f"{driver.name}/output", row)
    is_bare = not (driver.boxed or _is_framed(snapshot, row))
    choices = choices_above(snapshot, row) if is_bare else None
    if choices is not None and choices.class_ is PromptClass.CONFIRMATION:
        yield _ask(snapshot, _classed(snapshot, choices, driver))
    if (question := _question_over(snapshot, row, driver)) is not None:
        yield _ask(snapshot, question)
    yield _say(snapshot, Kind.AT_REST, f"{driver.name}/{rule.id}", row)


def _is_framed(snapshot: ScreenSnapshot, row: int) -> bool:
    """Whether a border stands between that row and the nearest text above it."""
    while row > 0 and snapshot.is_blank(row - 1):
        row -= 1
        if is_border(snapshot.lines[row]):
            return True
    return False


def _modal(snapshot: ScreenSnapshot, row: int, rule: Rule, driver: Driver) -> Prompt:
    """A dialog that is known by a row of it and can be read by nobody but a person."""
    return Prompt(
        kind=Kind.DIALOG,
        class_=rule.class_ or PromptClass.MULTI_CHOICE,
        form=Form.VIEW,
        question=question_above(snapshot, row),
        options=(),
        rule=f"{driver.name}/{rule.id}",
        rows=(row, row),
        text=excerpt(snapshot, max(row - BODY, 0), row),
        cancel="\x1b" if driver.escapes else "",
    )


def _question_over(
    snapshot: ScreenSnapshot, composer: int, driver: Driver
) -> Prompt | None:
    """The question with which the agent's last reply ends, right above its composer."""
    row = composer - 1
    while row >= 0 and (
        snapshot.is_blank(row)
        or first_row(snapshot, [row], (*driver.ready, *driver.ended))
        or not snapshot.bare[row]
    ):
        row -= 1
    last = snapshot.bare[row].rstrip(" │") if row >= 0 else ""
    has_keys = YES_NO.search(last) is not None
    if not (has_keys or last.endswith("?")):
        return None
    first = row
    while first > 0 and not first_row(snapshot, [first], driver.reply):
        if snapshot.is_blank(first - 1) or is_footer(snapshot, first - 1):
            break
        first -= 1
    text = " ".join(snapshot.bare[each].strip() for each in range(first, row + 1))
    question = re.split(r"(?<=[.!:])\s+(?=[A-Z])", text)[-1].lstrip("⏺•✦●◆ ").strip()
    class_ = PromptClass.FREE_TEXT
    if has_keys or _CONFIRMS.search(question):
        class_ = PromptClass.CONFIRMATION
    elif _CHOOSES.search(question):
        class_ = PromptClass.MULTI_CHOICE
    return Prompt(
        kind=Kind.QUESTION,
        class_=class_,
        form=Form.LINE,
        question=question,
        options=(),
        rule=f"{driver.name}/{'choices' if has_keys else 'question'}",
        rows=(first, row),
        text=excerpt(snapshot, first, row),
    )


def _is_at_rest(snapshot: ScreenSnapshot) -> bool:
    """An interpreter's prompt, with nothing typed behind it."""
    tty = snapshot.tty
    if snapshot.cursor.row < snapshot.last or (tty is not None and tty.is_deaf):
        return False
    if tty is not None and _is_hidden(tty):
        return False
    if tty is not None and tty.mark is ShellStep.OUTPUT:
        return False  # A builtin of the shell asks, by a prompt as short as its own.
    return bool(_AT_REST.fullmatch(snapshot.typed_at))


def _draws(snapshot: ScreenSnapshot) -> bool:
    """Whether a program draws its own screen: nothing but a sign is its prompt."""
    return not snapshot.takes_lines and len(snapshot.typed_at.strip()) == 1


def _is_hidden(tty: Tty) -> bool:
    """Whether a line is read that is not shown."""
    return tty.canonical and not tty.echo


def _ask(snapshot: ScreenSnapshot, prompt: Prompt) -> Verdict:
    first, last = prompt.rows
    return Verdict(
        prompt.kind, prompt.rule, tuple(range(first, last + 1)), snapshot.end, prompt
    )


def _say(snapshot: ScreenSnapshot, kind: Kind, rule: str, *rows: int) -> Verdict:
    return Verdict(kind, rule, rows, snapshot.end)
