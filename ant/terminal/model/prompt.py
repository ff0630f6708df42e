"""What a terminal waits for, as data: a verdict on a screen, and the prompt on it.

Rule 1: `dialog`, `question` and `at_rest` are kept apart: in the first typing would
choose something, the second is prose that waits for an answer, the third is free.
Rule 2: quiet for an unknown reason is `quiet_unknown`; nothing is called idle.
Rule 3: a prompt is the same while its fingerprint is: moving the marker of a menu or
filling in its boxes changes what is selected, not what is asked.
"""

import hashlib
import re
from enum import StrEnum

import attrs

APPROVES = re.compile(
    r"\W*(y|yes|ok|okay|allow|approve|accept|proceed|continue|trust|confirm|run|apply)\b",
    re.IGNORECASE,
)
"""How an option begins that lets something be done."""

LASTING = re.compile(
    r"\b(always|never|don.t ask|do not ask|session|every|all|remember|again|auto\w*|"
    r"forever|and|any|permanent\w*|until|hours?|minutes?|days?|whole|entire|everything|"
    r"future|from now|without|bypass|full access|yolo)\b",
    re.IGNORECASE,
)
"""What an option says that allows more than this once."""


class Kind(StrEnum):
    """What a screen says about the program behind it."""

    DIALOG = "dialog"
    QUESTION = "question"
    AT_REST = "at_rest"
    BUSY = "busy"
    QUIET_UNKNOWN = "quiet_unknown"


class PromptClass(StrEnum):
    """What is asked for: the original's five that ask, and those it did not know."""

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
    """How it is operated, which is what keys are derived from."""

    MENU = "menu"
    """A marked row that arrows move and Enter takes."""
    BOXES = "boxes"
    """As a menu, where the space bar ticks the row."""
    BUTTONS = "buttons"
    """Words in a row, one of them lit, that arrows move along."""
    WORDS = "words"
    """Options that are typed, by number, letter or word, and taken with Enter."""
    KEYS = "keys"
    """Options of one key each, taken at once."""
    LINE = "line"
    """A line of text, taken with Enter."""
    SECRET = "secret"
    """A line that is not shown."""
    VIEW = "view"
    """A pager or an editor, which has no answer."""


@attrs.frozen
class Option:
    """A choice as it stands on the screen, without its number, marker or box.

    `keys` is what to type for it where `form` is WORDS or KEYS; where it is BOXES, only
    a row that takes them has some. `checked` is None where it has no box.
    """

    label: str
    selected: bool = False
    checked: bool | None = None
    keys: str = ""


@attrs.frozen
class Prompt:
    """One thing that is asked, as it is on the screen now.

    `rows` are the first and last row it takes, counted from 0; `text` is what stands
    there, with what belongs to it above; `rule` names what found it; `cancel` is the
    key that backs out of it, where the screen or the driver says there is one; `draft`
    what somebody has begun to type; `subject` what is to be allowed, or what stands
    above: the question is the same for all that may be.
    """

    kind: Kind
    class_: PromptClass = attrs.field(metadata={"wire": "class"})
    form: Form
    question: str
    options: tuple[Option, ...]
    rule: str
    rows: tuple[int, ...]
    text: str
    cancel: str = ""
    draft: str = ""
    subject: str = ""

    @property
    def selected(self) -> int | None:
        """Which option is marked, if one is."""
        marked = (i for i, option in enumerate(self.options) if option.selected)
        return next(marked, None)

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides what an answer would mean; 32 hex digits."""
        parts = [self.kind, self.class_, self.form, self.question, self.subject]
        parts += [f"{option.label}\0{option.keys}" for option in self.options]
        return hashlib.sha256("\0\0".join(parts).encode()).hexdigest()[:32]


@attrs.frozen
class Verdict:
    """What is held true of a terminal after the byte before offset `end`.

    `rule` names what fired, `rows` the screen rows it fired on. `again`: the prompt
    looks as the one before, but that was left, and this is asked anew.
    """

    kind: Kind
    rule: str
    rows: tuple[int, ...]
    end: int
    prompt: Prompt | None = None
    again: bool = False

    @property
    def is_of_agent(self) -> bool:
        """Whether the driver of an agent knows it, by what that draws or puts out."""
        return "/" in self.rule and not self.rule.startswith("shell/")

    @property
    def is_by_output(self) -> bool:
        """Whether an agent is held to work only because it puts out something."""
        return self.rule.endswith("/output")

    def is_news(self, before: "Verdict | None") -> bool:
        """Whether somebody who was told `before` should be told this one."""
        if before is None or self.kind is not before.kind:
            return True
        # Who would type there must know why it is at rest: a shell, or by its own word.
        if self.kind is Kind.AT_REST and self.rule != before.rule:
            return True
        return self.prompt != before.prompt
