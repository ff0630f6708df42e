"""The verdict on a terminal's screen, and the prompt that it shows, as data.

Rule 1: `dialog`, `question` and `at_rest` are different states. In a dialog, typing
would choose something. A question is prose that waits for an answer. At rest, the
program is free to take a message.
Rule 2: quiet for an unknown reason is `quiet_unknown`. No state is called idle.
Rule 3: two prompts are the same if their fingerprints are equal. Moving the marker of a
menu or ticking its boxes changes the selection, not the prompt.
"""

import hashlib
import re
from enum import StrEnum

import attrs

APPROVES = re.compile(
    r"\W*(y|yes|ok|okay|allow|approve|accept|proceed|continue|trust|confirm|run|apply)\b",
    re.IGNORECASE,
)
"""The beginning of an option that allows an action."""

LASTING = re.compile(
    r"\b(always|never|don.t ask|do not ask|session|every|all|remember|again|auto\w*|"
    r"forever|and|any|permanent\w*|until|hours?|minutes?|days?|whole|entire|everything|"
    r"future|from now|without|bypass|full access|yolo)\b",
    re.IGNORECASE,
)
"""Words of an option that allows more than one action now."""


class Kind(StrEnum):
    """The state of the program, as its screen shows it."""

    DIALOG = "dialog"
    """It shows a dialog: typing would choose something."""
    QUESTION = "question"
    """It asks in prose and waits for an answer."""
    AT_REST = "at_rest"
    """It is free to take a message."""
    BUSY = "busy"
    """It works."""
    QUIET_UNKNOWN = "quiet_unknown"
    """It is quiet, and ANT cannot tell why."""


class PromptClass(StrEnum):
    """What a prompt asks for: the original server's five classes, and five more."""

    PERMISSION_REQUEST = "permission_request"
    TOOL_AUTH = "tool_auth"
    MULTI_CHOICE = "multi_choice"
    CONFIRMATION = "confirmation"
    FREE_TEXT = "free_text"
    ERROR_RETRY = "error_retry"
    PASSWORD = "password"
    PRESS_KEY = "press_key"
    PAGER = "pager"
    EDITOR = "editor"


class Form(StrEnum):
    """How the operator works a prompt; ANT derives the keys of an answer from it."""

    MENU = "menu"
    """Rows: the arrow keys move the marker, Enter selects the marked row."""
    BOXES = "boxes"
    """Like a menu; the space bar ticks the marked row."""
    BUTTONS = "buttons"
    """Words in one row: the arrow keys move the highlight, Enter presses the button."""
    WORDS = "words"
    """Options that are typed, by number, letter or word, and submitted with Enter."""
    KEYS = "keys"
    """Options of one key each, which takes effect at once."""
    LINE = "line"
    """A line of text, submitted with Enter."""
    SECRET = "secret"
    """A line that the terminal does not show."""
    VIEW = "view"
    """A pager, an editor or a dialog that only the operator can answer."""


@attrs.frozen
class Option:
    """An option of a prompt, without its number, marker or box.

    `keys` is what to type for it if the prompt's `form` is WORDS or KEYS. If it is
    BOXES, only a row that submits the boxes has `keys`. `checked` is None if the option
    has no box.
    """

    label: str
    """The text of the option, without its number, marker or box."""
    selected: bool = False
    """Whether the marker is on it."""
    checked: bool | None = None
    """Whether its box is ticked; null if it has no box."""
    keys: str = ""
    """What to type for it; empty if it is chosen by moving the marker."""
    lasting: bool = False
    """Whether the agent's hook says that it allows more than this once. An option that
    only the screen shows has false."""


@attrs.frozen
class Prompt:
    """One prompt, as it is on the screen now.

    `rows` are its first and last row, counted from 0. `text` is the text of these rows
    and of the rows above that belong to it. `rule` is the name of the rule that found
    it. `cancel` is the key that cancels it, if the screen or the driver names one.
    `draft` is the answer that the operator has typed so far. `subject` is what the
    prompt asks to allow, or the text above it: the question alone is often the same.
    """

    kind: Kind
    """The state of the program."""
    class_: PromptClass = attrs.field(metadata={"wire": "class"})
    """What the prompt asks for."""
    form: Form
    """How a person works it."""
    question: str
    """The question, as the screen has it."""
    options: tuple[Option, ...]
    """The options in their order; empty if it takes a line of text."""
    rule: str
    """The name of the rule that found it."""
    rows: tuple[int, ...]
    """Its first and its last row, counted from 0."""
    text: str
    """The text of its rows, and of the rows above that belong to it."""
    cancel: str = ""
    """The key that cancels it; empty if none is named."""
    draft: str = ""
    """The answer that a person has typed so far."""
    subject: str = ""
    """What it asks to allow, or the text above it."""

    @property
    def selected(self) -> int | None:
        """The index of the marked option, or None."""
        marked = (i for i, option in enumerate(self.options) if option.selected)
        return next(marked, None)

    @property
    def fingerprint(self) -> str:
        """A hash of everything that decides what an answer means; 32 hex digits."""
        parts = [self.kind, self.class_, self.form, self.question, self.subject]
        parts += [f"{option.label}\0{option.keys}" for option in self.options]
        return hashlib.sha256("\0\0".join(parts).encode()).hexdigest()[:32]


@attrs.frozen
class Verdict:
    """The state of a terminal after the output up to offset `end`.

    `rule` is the name of the rule that matched, `rows` are the screen rows it matched.
    `again`: the prompt looks like the one before it, but is a new one.
    """

    kind: Kind
    rule: str
    rows: tuple[int, ...]
    end: int
    prompt: Prompt | None = None
    again: bool = False

    @property
    def is_of_agent(self) -> bool:
        """Whether a rule of an agent's driver matched."""
        return "/" in self.rule and not self.rule.startswith("shell/")

    @property
    def is_by_output(self) -> bool:
        """Whether the agent counts as busy only because of recent output."""
        return self.rule.endswith("/output")

    def differs_from(self, before: "Verdict | None") -> bool:
        """Whether this verdict differs from `before` in its state or its prompt.

        At rest, the rule counts, too. It decides whether ANT may type there.
        """
        if before is None or self.kind is not before.kind:
            return True
        if self.kind is Kind.AT_REST and self.rule != before.rule:
            return True
        return self.prompt != before.prompt
