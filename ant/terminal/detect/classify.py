"""Classify a screen snapshot: apply the rules in order; the first match is the verdict.

1. Shells: a question of zsh, or a shell at its prompt, by its shell marks or because it
   edits a command line. Nothing else on the screen matters then.
2. Pagers and editors. They show arbitrary text, which must not match a later rule.
3. Menus and dialog windows. They are modal.
4. Rules for agents, with the words of the driver if there is one: the agent is busy, at
   rest, or has asked a question.
5. A bare sign at the cursor, with the prompt in the text above it, or at rest.
6. A prompt at the cursor.
7. Time: recent output means `busy`, else the state is `quiet_unknown`. No rule infers
   that a program is idle from quiet alone.
"""

import re
from collections.abc import Iterator

import attrs

from ant.terminal.agents.driver import Driver, Rule, driver_for, driver_of
from ant.terminal.agents.not_agents import INTERPRETERS, repeats, stem
from ant.terminal.detect.checkboxes import find_boxes
from ant.terminal.detect.composer import (
    COMPOSER,
    GENERAL,
    SHELL_MODE,
    SPINNER,
    THINKING,
    composer_of,
    find_busy,
    find_spinner,
    find_thinking,
    first_row,
    is_at_end,
    is_command,
    is_composer,
    with_general,
)
from ant.terminal.detect.cursor_prompts import find_cursor_prompt
from ant.terminal.detect.dialog_subject import lines_above, subject_of
from ant.terminal.detect.menus import find_menu, find_menu_above
from ant.terminal.detect.pagers import find_view
from ant.terminal.detect.shells import find_shell_prompt, find_zsh_prompt, shell_rule
from ant.terminal.detect.typed_choices import (
    YES_NO,
    choices_above,
    find_prompt_above,
    offers_above,
)
from ant.terminal.detect.widgets import find_widget, options_by_key
from ant.terminal.layout.dialog_text import (
    BODY,
    excerpt,
    is_framed,
    is_full,
    question_above,
    top_of,
)
from ant.terminal.layout.fields import find_field
from ant.terminal.layout.hints import (
    is_field_hint,
    is_footer,
    is_key_row,
    is_leaving_hint,
)
from ant.terminal.model.prompt import Form, Kind, Prompt, PromptClass, Verdict
from ant.terminal.model.tty import ShellStep
from ant.terminal.screen.snapshot import ScreenSnapshot

BUSY_S = 1.0
"""Seconds after the last output in which a program counts as busy by rule 7."""

MODAL = 24
"""Rows, from the last one up, in which a driver's `modal` rules look for a dialog."""

KEYS_NEAR = 6
"""Rows with text, from the last one up, in which the keys of any dialog may be: a
program has up to four rows of status below them, and the keys may wrap."""

GAP = 12
"""The most rows from the keys of a dialog to a composer that stays below it."""

CELLS = 3
"""The least separators in a row of a status; most tables in a reply have fewer."""

_KEYS = Rule("keys", re.compile(""))
"""The rule of a dialog of which only the keys are known."""

_AT_REST = re.compile(
    r"(>>>|\((Pdb|ipdb|gdb|lldb|Pydb)\+*\)|In \[\d+\]:|(sqlite|mysql|ftp|psql|ghci)>|"
    r"irb.*[>*]|\w{1,16}[=#-]*[>#]|>) "
    r"|[\w.@:~/\[\]() +-]*([$#❯λ➜»]|(?<!\d)%) ?"
)
"""The whole text before the cursor at the prompt of an interpreter or a shell."""

_NUMBERED = re.compile(r"\s*\S\s+\d+[.)]\s")
"""A row that begins with a mark and a number."""

_NUMBERED_ROW = re.compile(r"\s*(?:\S\s+)?\d+[.)]\s")
"""A row that begins with a number, perhaps behind a mark."""

_PERMITS = re.compile(
    r"\b(?:permission|approv(?:e|al)|allow|confirm|authori[sz]e)\b", re.IGNORECASE
)
"""A word of a text that asks for permission."""

_CONFIRMS = re.compile(
    r"\b(shall i|should i|want me to|ok(ay)? to|are you sure|proceed|go ahead|"
    r"would you like me to|do you want me to)\b|\by/n\b",
    re.IGNORECASE,
)
"""Words of a question that expects yes or no."""

_CHOOSES = re.compile(
    r"\b(which (one|of|option|file|would)|(choose|pick) (one|an?)|select one)\b",
    re.IGNORECASE,
)
"""Words of a question that expects one of several choices."""


def classify(snapshot: ScreenSnapshot, flag: str | None = None) -> Verdict:
    """Return the verdict on a snapshot; `flag` is the session's `cli_flag`."""
    program = snapshot.tty.foreground if snapshot.tty else ""
    for verdict in _verdicts(snapshot, driver_for(flag, program)):
        return verdict
    waits = snapshot.tty is not None and bool(snapshot.tty.reading)
    busy = snapshot.quiet_s < BUSY_S and not waits
    return _state(snapshot, Kind.BUSY if busy else Kind.QUIET_UNKNOWN, "time")


def _verdicts(snapshot: ScreenSnapshot, driver: Driver | None) -> Iterator[Verdict]:
    """Yield the verdict of each rule that matches, in order; the caller takes one."""
    if (prompt := find_zsh_prompt(snapshot)) is not None:
        yield _prompting(snapshot, prompt)
    if (rule := shell_rule(snapshot.tty)) is not None:
        if (prompt := find_shell_prompt(snapshot)) is not None:
            yield _prompting(snapshot, prompt)
        yield _state(snapshot, Kind.AT_REST, rule, snapshot.cursor.row)
    if (view := find_view(snapshot)) is not None:
        yield _prompting(snapshot, view)
    if driver and (boxes := find_boxes(snapshot, driver)) is not None:
        yield _prompting(snapshot, _with_class(snapshot, boxes, driver))
    menu = find_widget(snapshot) or find_menu(snapshot)
    if menu is not None and menu.form is Form.BOXES:
        menu = find_boxes(snapshot, GENERAL) or menu
    if (
        menu is not None
        and not (driver and _is_composer(snapshot, menu, driver))
        and not _is_typed(snapshot, menu)
        and not _is_legend(snapshot, menu)
    ):
        yield _prompting(snapshot, _with_subject(snapshot, menu, driver))
    if not snapshot.takes_lines or (driver is not None and driver.lines):
        yield from _agent_verdicts(snapshot, driver)
    elif (row := find_thinking(snapshot)) is not None:
        yield _state(snapshot, Kind.BUSY, f"{GENERAL.name}/{THINKING.id}", row)
    takes_no_text = snapshot.tty is not None and (
        snapshot.tty.ignores_input or snapshot.tty.hides_input
    )
    if not takes_no_text and (prompt := find_prompt_above(snapshot)) is not None:
        yield _prompting(snapshot, _with_subject(snapshot, prompt, driver))
    if _is_at_rest(snapshot):
        spinner = (
            find_spinner(snapshot, snapshot.cursor.row) if _draws(snapshot) else None
        )
        if spinner is not None:
            yield _state(snapshot, Kind.BUSY, "spinner", spinner)
        question = None
        if _may_be_agent(snapshot):
            said = _last_text(snapshot, snapshot.cursor.row, GENERAL)
            question = _question_at(snapshot, said, GENERAL)
        if question is not None:
            yield _prompting(snapshot, question)
        yield _state(snapshot, Kind.AT_REST, "prompt", snapshot.cursor.row)
    if (prompt := find_cursor_prompt(snapshot)) is not None:
        yield _prompting(snapshot, _with_subject(snapshot, prompt, driver))


def _is_composer(snapshot: ScreenSnapshot, menu: Prompt, driver: Driver) -> bool:
    """Whether a menu without numbers is the composer, whose mark looks the same."""
    first, last = menu.rows
    found = first_row(snapshot, range(first, last + 1), driver.composer)
    return found is not None and not _NUMBERED.match(snapshot.bare[found[0]])


def _is_typed(snapshot: ScreenSnapshot, menu: Prompt) -> bool:
    """Whether a menu is the text in a composer, or completes a command there."""
    if all(each.label.startswith("/") for each in menu.options) and menu.options:
        return True
    first, last = menu.rows
    is_list = menu.form in (Form.MENU, Form.VIEW)
    if not is_list or _NUMBERED_ROW.match(snapshot.bare[first]):
        return False
    field = find_field(snapshot)
    if field is None:
        return False
    if first <= field.row <= last:
        return bool(field.sign) and not _NUMBERED.match(snapshot.bare[field.row])
    return is_command(snapshot, field)


def _is_legend(snapshot: ScreenSnapshot, menu: Prompt) -> bool:
    """Whether options with keys ask nothing, as those in a row of help.

    Nothing above them is a question or a request for permission, or a text field stands
    between the two, or something turns below them.
    """
    if menu.form is not Form.KEYS:
        return False
    first, last = menu.rows
    below = range(last + 1, snapshot.last + 1)
    if first_row(snapshot, below, GENERAL.status) is not None:
        return True
    field = find_field(snapshot)
    top = max(top_of(snapshot, first), field.bottom + 1 if field else 0)
    head = " ".join(excerpt(snapshot, top, first - 1).split())
    is_asked = menu.question.endswith("?") and menu.question in head
    return not (is_asked or _PERMITS.search(head))


def _with_subject(
    snapshot: ScreenSnapshot, prompt: Prompt, driver: Driver | None
) -> Prompt:
    """Return the prompt with its subject.

    The subject of an agent's dialog is the text of its frame (see `_with_class`). The
    subject of any other prompt is the lines above it.
    """
    if driver is not None and prompt.kind is Kind.DIALOG:
        return _with_class(snapshot, prompt, driver)
    first = prompt.rows[0]
    first = snapshot.typed_row if first == snapshot.cursor.row else first
    return attrs.evolve(prompt, subject=lines_above(snapshot, first))


def _with_class(snapshot: ScreenSnapshot, menu: Prompt, driver: Driver) -> Prompt:
    """Return an agent's menu with what its driver adds.

    The first `dialog` rule that matches the text gives the class, the rule name and,
    by its group `question`, the question. If the driver has `escapes`, Escape cancels.
    The subject is the text of the dialog's frame. Ticked boxes that no key submits
    become a `VIEW`, which only the operator can answer.
    """
    has_submit = any(each.keys for each in menu.options)
    if menu.form is Form.BOXES and not (driver.ticks or has_submit):
        menu = attrs.evolve(menu, form=Form.VIEW)
    if menu.kind is not Kind.DIALOG:
        return menu
    cancel = menu.cancel or ("\x1b" if driver.escapes else "")
    subject = subject_of(snapshot, menu.rows[0], driver)
    text = " ".join(menu.text.split())  # A narrow screen wraps the question.
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


def _agent_verdicts(
    snapshot: ScreenSnapshot, driver: Driver | None
) -> Iterator[Verdict]:
    """Yield the verdicts of the rules for agents, in this order.

    A dialog by a `waiting` row. Busy by a row of the screen. A dialog by a `modal` row,
    below the composer if there is one. Then, only with a composer: a menu above it,
    busy by recent output, a yes or no above a composer without a border, the question
    that ends the last reply, unknown if that reply is off the screen, and at rest. A
    composer that the driver does not know is a free text field.
    """
    agent = with_general(driver)
    composer = composer_of(snapshot, driver) if driver else None
    by = agent.name
    field = find_field(snapshot) if composer is None else None
    row_of = composer[0] if composer else field.row if field else None
    if field is not None and is_composer(snapshot, field):
        composer, by = (field.row, COMPOSER), GENERAL.name
    waiting = first_row(snapshot, range(snapshot.last, row_of or 0, -1), agent.waiting)
    if waiting is not None and row_of is not None:
        yield _prompting(snapshot, _waiting(snapshot, row_of, waiting[1], agent))
    busy = find_busy(snapshot, agent, row_of)
    if busy is not None and (driver or field or is_at_end(snapshot, busy[0])):
        yield _state(snapshot, Kind.BUSY, f"{agent.name}/{busy[1]}", busy[0])
    modal = first_row(snapshot, range(snapshot.last, -1, -1)[:MODAL], agent.modal)
    if modal is not None and (composer is None or composer[0] < modal[0]):
        yield _prompting(snapshot, _modal(snapshot, *modal, agent))
    if composer is None:
        if (keys := _keys_row(snapshot)) is not None:
            yield _prompting(snapshot, _modal(snapshot, keys, _KEYS, agent))
        return
    row, rule = composer
    below = range(snapshot.last, row, -1)
    if (mode := first_row(snapshot, below, [SHELL_MODE])) is not None:
        yield _prompting(snapshot, _modal(snapshot, *mode, agent))
    if (menu := find_menu_above(snapshot, row)) is not None:
        yield _prompting(snapshot, _with_subject(snapshot, menu, driver))
    if (keys := _keys_above(snapshot, row)) is not None:
        yield _prompting(snapshot, _modal(snapshot, keys, _KEYS, agent))
    is_own = by == agent.name or agent.formed
    rest_s = (agent if is_own else GENERAL).rest_ms / 1000
    if snapshot.quiet_s < rest_s:
        yield _state(snapshot, Kind.BUSY, f"{by}/output", row)
    is_known = by == agent.name and driver is not None
    is_bare = not ((is_known and agent.boxed) or is_framed(snapshot, row))
    choices = choices_above(snapshot, row) if is_bare else None
    if choices is not None and driver and _is_answered(snapshot, choices, driver):
        choices = None
    if choices is not None and (
        choices.class_ is PromptClass.CONFIRMATION
        or (choices.rule == "words" and not is_known)
    ):
        yield _prompting(snapshot, _with_subject(snapshot, choices, driver))
    said = _last_text(snapshot, row, agent)
    if (question := _question_at(snapshot, said, agent)) is not None:
        yield _prompting(snapshot, question)
    if said < 0 and is_full(snapshot):  # The last reply is off the screen.
        yield _state(snapshot, Kind.QUIET_UNKNOWN, f"{by}/hidden", row)
    yield _state(snapshot, Kind.AT_REST, f"{by}/{rule.id}", row)


def _is_answered(snapshot: ScreenSnapshot, choices: Prompt, driver: Driver) -> bool:
    """Whether choices above an agent's own prompt are over, as text follows them.

    Enter alone has answered them, so their row shows no answer. The agent itself is in
    front: the prompt of another program may look the same.
    """
    is_own = snapshot.tty is not None and driver_of(snapshot.tty.foreground) is driver
    is_followed = choices.form is Form.VIEW and choices.rule == "words"
    return driver.inline and is_own and is_followed


def _keys_row(snapshot: ScreenSnapshot) -> int | None:
    """Return the row near the end that shows by which keys a dialog is left, or None.

    The program reads keys, and nothing else tells what it shows.
    """
    if snapshot.tty is None:
        return None
    rows = [row for row in range(snapshot.last + 1) if snapshot.bare[row].strip()]
    near = [row for row in rows[-KEYS_NEAR:] if not snapshot.is_blank(row)]
    if first_row(snapshot, near, (SPINNER,)) is not None:
        return None
    for row in reversed(near):
        line = snapshot.bare[row]
        if is_leaving_hint(line) or is_field_hint(line):
            return row
    return None


def _keys_above(snapshot: ScreenSnapshot, composer: int) -> int | None:
    """Return the row of keys of a dialog right above the composer's row, or None.

    It begins with a key, names several, and one of them leaves the dialog.
    """
    rows = range(composer - 1, max(composer - 1 - GAP, -1), -1)
    row = next((each for each in rows if not snapshot.is_blank(each)), None)
    line = snapshot.bare[row] if row is not None else ""
    return row if is_key_row(line) and is_leaving_hint(line) else None


def _modal(snapshot: ScreenSnapshot, row: int, rule: Rule, driver: Driver) -> Prompt:
    """Return a dialog that ANT knows by one row; only the operator can answer it."""
    return Prompt(
        kind=Kind.DIALOG,
        class_=rule.class_ or PromptClass.MULTI_CHOICE,
        form=Form.VIEW,
        question=question_above(snapshot, row),
        options=(),
        rule=f"{GENERAL.name if rule is _KEYS else driver.name}/{rule.id}",
        rows=(row, row),
        text=excerpt(snapshot, max(row - BODY, 0), row),
        cancel="\x1b" if driver.escapes else "",
    )


def _waiting(
    snapshot: ScreenSnapshot, composer: int, rule: Rule, driver: Driver
) -> Prompt:
    """Return the dialog above the composer that a row below it tells of.

    Its question is the nearest row that a `dialog` rule matches. The next row with text
    may name the keys of its options.
    """
    found = first_row(snapshot, range(composer - 1, -1, -1), driver.dialog)
    row = found[0] + 1 if found else composer
    text = excerpt(snapshot, max(row - BODY, 0), composer - 1)
    prompt = attrs.evolve(_modal(snapshot, row, rule, driver), text=text)
    below = (r for r in range(row, composer) if not snapshot.is_blank(r))
    keys = next(below, row)
    options = options_by_key(snapshot.bare[keys]) if found else ()
    if not options:
        return prompt
    return attrs.evolve(prompt, form=Form.KEYS, options=options, rows=(row - 1, keys))


def _last_text(snapshot: ScreenSnapshot, composer: int, driver: Driver) -> int:
    """Return the row of the nearest text above the `composer` row, or -1.

    Rows of `ready` and `ended` do not count as text, nor does a row of cells.
    """
    row = composer - 1
    while row >= 0 and (
        snapshot.is_blank(row)
        or first_row(snapshot, [row], (*driver.ready, *driver.ended))
        or not snapshot.bare[row]
        or snapshot.bare[row].count(" │ ") >= CELLS
    ):
        row -= 1
    return row


def _question_at(snapshot: ScreenSnapshot, row: int, driver: Driver) -> Prompt | None:
    """Return the question that ends the agent's last reply, or None.

    The reply ends at `row`, see `_last_text`. It asks if it ends with `?` or with keys
    such as `(y/n)`, or if its last paragraph offers choices. The prompt is the reply's
    last paragraph, and its question the last sentence of that.
    """
    last = snapshot.bare[row].rstrip(" │") if row >= 0 else ""
    has_keys = YES_NO.search(last) is not None
    first = row
    while first > 0 and not first_row(snapshot, [first], driver.reply):
        if snapshot.is_blank(first - 1) or is_footer(snapshot, first - 1):
            break
        first -= 1
    offers = row >= 0 and offers_above(snapshot, range(row, first - 1, -1))
    if not (has_keys or offers or last.endswith("?")):
        return None
    text = " ".join(snapshot.bare[each].strip() for each in range(first, row + 1))
    question = re.split(r"(?<=[.!:])\s+(?=[A-Z])", text)[-1].lstrip("⏺•✦●◆ ").strip()
    class_ = PromptClass.FREE_TEXT
    if has_keys or _CONFIRMS.search(question):
        class_ = PromptClass.CONFIRMATION
    elif offers or _CHOOSES.search(question):
        class_ = PromptClass.MULTI_CHOICE
    return Prompt(
        kind=Kind.QUESTION,
        class_=class_,
        form=Form.LINE,
        question=question,
        options=(),
        rule=f"{driver.name}/{'choices' if has_keys or offers else 'question'}",
        rows=(first, row),
        text=excerpt(snapshot, first, row),
    )


def _is_at_rest(snapshot: ScreenSnapshot) -> bool:
    """Whether the cursor is right behind the prompt of an interpreter or a shell.

    The operator has typed nothing, and the program may read input.
    """
    tty = snapshot.tty
    if snapshot.cursor.row < snapshot.last:
        return False
    if tty is not None and (tty.ignores_input or tty.hides_input):
        return False
    if tty is not None and tty.mark is ShellStep.OUTPUT:
        return False  # A command such as `read` runs, with a prompt as short as this.
    return bool(_AT_REST.fullmatch(snapshot.typed_at))


def _may_be_agent(snapshot: ScreenSnapshot) -> bool:
    """Whether the program draws its own line, and is no shell and no interpreter."""
    tty = snapshot.tty
    if tty is None or tty.canonical or not tty.foreground:
        return False
    return not (repeats(tty.foreground) or stem(tty.foreground) in INTERPRETERS)


def _draws(snapshot: ScreenSnapshot) -> bool:
    """Whether a program that edits its own line has a prompt of one character.

    An agent without a driver draws such a prompt, perhaps below a spinner.
    """
    return not snapshot.takes_lines and len(snapshot.typed_at.strip()) == 1


def _prompting(snapshot: ScreenSnapshot, prompt: Prompt) -> Verdict:
    """Return the verdict that the program shows this prompt."""
    first, last = prompt.rows
    return Verdict(
        prompt.kind, prompt.rule, tuple(range(first, last + 1)), snapshot.end, prompt
    )


def _state(snapshot: ScreenSnapshot, kind: Kind, rule: str, *rows: int) -> Verdict:
    """Return a verdict without a prompt, by the rule that matched those rows."""
    return Verdict(kind, rule, rows, snapshot.end)
