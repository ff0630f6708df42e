"""What an agent asks by its `PermissionRequest` hook: as a prompt, and its answers.

Rule 1: a permission has two options of its own, allow and deny. Further ones allow,
too, and keep a rule that the agent has suggested; their labels have the whole rule. ANT
does not offer a suggestion whose effect it cannot show.
Rule 2: a dialog on the screen is about a request only if it shows the request's text.
Rule 3: what the agent sends is text of others. It is bounded, and what a person reads
of it has its hidden characters escaped.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, Final, Literal, TypeGuard

import attrs

from ant.api import codec
from ant.api.prompt_requests import ReportHook
from ant.core.errors import NotAnOption
from ant.core.visible_text import escaped
from ant.model.prompts import PromptDetails
from ant.terminal.detect.option_meaning import means_no, means_yes
from ant.terminal.model.choice import Choice
from ant.terminal.model.prompt import APPROVES, Kind, Option, Prompt, PromptClass

PERMISSION_REQUEST: Final = "PermissionRequest"

RULE: Final = "hook/PermissionRequest"
"""The rule of a prompt that a hook opened."""

ALLOW, DENY = "Allow", "Deny"

PERMISSIONS: Final = frozenset({PromptClass.PERMISSION_REQUEST, PromptClass.TOOL_AUTH})
"""Classes of dialogs that ask for a permission."""

ON_SCREEN: Final = frozenset({"AskUserQuestion", "ExitPlanMode"})
"""Tools that ask a person something else than a permission: the screen has the answers,
and `allow` would be none of them."""

INPUT_MAX: Final = 32 << 10
"""Bytes of a tool's input as JSON that are kept: a file of some 800 lines. Each event
of the prompt has them."""

FIELDS: Final = 32
"""Texts of a tool's input that are kept if all of it is too large."""

QUESTION_MAX: Final = 4_000
"""Characters of the question: more than a screen of 40 rows and 100 columns."""

TEXT_MAX: Final = 16 << 10
"""Characters of the text, as of a prompt on the screen."""

WORD_MAX: Final = 200
"""Characters of the name of a tool, an agent and a mode."""

REASON_MAX: Final = 10_000
"""Characters of the reason of a denial that the agent gets."""

SUGGESTIONS: Final = 8
"""Suggestions that become options."""

LABEL_MAX: Final = 300
"""Characters of the label of a suggestion. A longer one is not offered."""

_PLACES: Final = {
    "session": "this session",
    "localSettings": "local settings",
    "projectSettings": "project settings",
    "userSettings": "user settings",
    "cliArg": "this run",
}
_PATHS: Final = ("file_path", "notebook_path", "path")
_BEFORE: Final = ("old_string",)
_AFTER: Final = ("new_string", "content", "new_source")
_SIGNS: Final = "$>❯›"
"""What an agent draws in front of a command."""

_BLANK: Final = re.compile(r"[\s\u2500-\u259f]+")

COMMAND_MAX: Final = 8 << 10
"""Characters of a command that a screen may show whole."""

_SHORTEST: Final = 3
"""Characters of a text that may identify a request."""


@attrs.frozen
class HookDecision:
    """The answer to a request; `chosen` is the label of the option.

    `suggestion` is the agent's own suggestion that it shall keep, `reason` is why a
    request is denied.
    """

    behavior: Literal["allow", "deny"]
    chosen: str
    suggestion: dict[str, Any] | None = None
    reason: str | None = None


@attrs.frozen
class PermissionAsk:
    """A request for a permission: how a person sees it, and what identifies it.

    `suggestions` belong to the options after `Allow` and `Deny`, in their order. A
    dialog about the request has rows that are the `command`, or else has all of
    `marks`; both are without blanks and borders.
    """

    details: PromptDetails
    question: str
    text: str
    options: tuple[Option, ...]
    suggestions: tuple[dict[str, Any], ...]
    command: str
    marks: tuple[str, ...]

    @classmethod
    def of(cls, request: ReportHook, takes_suggestions: bool) -> "PermissionAsk | None":
        """Read a `PermissionRequest`; None if its answers are on the screen only."""
        tool = _word(request.tool_name) or "tool"
        if tool in ON_SCREEN:
            return None
        given = request.rest.get("tool_input")
        tool_input = given if isinstance(given, dict) else {}
        size = len(codec.dumps(tool_input))
        kept = tool_input if size <= INPUT_MAX else _cut(tool_input)
        details = PromptDetails(
            agent=_word(request.agent),
            tool=tool,
            input=kept,
            complete=size <= INPUT_MAX,
            folder=_word(request.rest.get("cwd"), 4096) or None,
            mode=_word(request.rest.get("permission_mode")) or None,
        )
        offered = list(_offered(request.rest.get("permission_suggestions")))
        offered = offered[:SUGGESTIONS] if takes_suggestions else []
        options = [Option(ALLOW), Option(DENY)]
        options += [Option(label, lasting=True) for label, _ in offered]
        question, text = _texts(tool, tool_input)
        command = _command(tool_input) or ""
        return cls(
            details=details,
            question=question,
            text=text,
            options=tuple(options),
            suggestions=tuple(each for _, each in offered),
            command=squeezed(command) if len(command) <= COMMAND_MAX else "",
            marks=tuple(_marks(tool_input)),
        )

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides what an answer means; 32 hex digits."""
        parts = [RULE, self.details.tool, self.text]
        parts += [option.label for option in self.options]
        return hashlib.sha256("\0\0".join(parts).encode()).hexdigest()[:32]

    def is_about(self, prompt: Prompt) -> bool:
        """Whether a dialog on the screen surely shows this request (rule 2)."""
        if self.command:
            return _has_rows(prompt.text, self.command)
        if not self.marks:
            return False
        shown = squeezed(f"{prompt.text}\n{prompt.subject}\n{prompt.question}")
        return all(mark in shown for mark in self.marks)

    def decision(self, choice: Choice) -> HookDecision:
        """Return the answer that a choice of one of the request's options means.

        Raises `NotAnOption`.
        """
        match choice.type:
            case "approve":
                return HookDecision("allow", ALLOW)
            case "deny":
                return _denial(DENY, choice)
            case "confirm" if choice.yes is not None:
                if choice.yes:
                    return HookDecision("allow", ALLOW)
                return _denial(DENY, choice)
            case "select":
                index = self._index(choice)
                if index == 0:
                    return HookDecision("allow", ALLOW)
                if index == 1:
                    return _denial(DENY, choice)
                label = self.options[index].label
                return HookDecision("allow", label, self.suggestions[index - 2])
        raise self._refusal(choice)

    def _index(self, choice: Choice) -> int:
        labels = [option.label.casefold() for option in self.options]
        if choice.index is not None and choice.index < len(labels):
            return choice.index
        wanted = (choice.label or "").strip().casefold()
        if labels.count(wanted) != 1:
            raise self._refusal(choice)
        return labels.index(wanted)

    def _refusal(self, choice: Choice) -> NotAnOption:
        labels = ", ".join(repr(option.label) for option in self.options)
        return NotAnOption(
            f"{choice.type!r} does not answer this permission: its options are "
            f"{labels}."
        )


def asks_for_one(prompt: Prompt) -> bool:
    """Whether a dialog on the screen may be that of a permission."""
    if prompt.kind is not Kind.DIALOG:
        return False
    allows = any(APPROVES.match(option.label) for option in prompt.options)
    return prompt.class_ in PERMISSIONS or allows


def screen_decision(options: tuple[Option, ...], choice: Choice) -> HookDecision | None:
    """Return the answer that a choice of an option on the screen means.

    Only a plain yes and a plain no have one. None for all others: they are answered by
    keys.
    """
    match choice.type:
        case "approve":
            return HookDecision("allow", "approve")
        case "deny":
            return _denial("deny", choice)
        case "confirm" if choice.yes is not None:
            return (
                HookDecision("allow", "confirm")
                if choice.yes
                else _denial("confirm", choice)
            )
        case "select" if choice.indexes is None:
            label = choice.label
            if choice.index is not None and choice.index < len(options):
                label = options[choice.index].label
            labels = [option.label.casefold() for option in options]
            if label is None or labels.count(label.strip().casefold()) != 1:
                return None
            if means_yes(label, ""):
                return HookDecision("allow", label)
            if means_no(label, ""):
                return _denial(label, choice)
    return None


def keys_choice(options: tuple[Option, ...], choice: Choice) -> Choice:
    """Return the choice at the dialog for one of a request that has been let go.

    The dialog has other options than the request had: only allow and deny have the
    same meaning there. Raises `NotAnOption` for the others.
    """
    if choice.type != "select" or choice.indexes is not None:
        return choice
    label = choice.label
    if choice.index is not None and choice.index < len(options):
        label = options[choice.index].label
    label = (label or "").strip()
    if label.casefold() == ALLOW.casefold():
        return Choice("approve")
    if label.casefold() == DENY.casefold():
        return Choice("deny", text=choice.text)
    if label.casefold() in [option.label.casefold() for option in options]:
        raise NotAnOption(
            "The agent takes no answer by its hook any more, so this rule cannot be "
            "kept. Answer with Allow or Deny, or in the terminal."
        )
    return Choice("select", label=label)


def squeezed(text: str) -> str:
    """Return a text without blanks and the lines of boxes, as rows may be wrapped."""
    return _BLANK.sub("", text)


def _has_rows(text: str, command: str) -> bool:
    """Whether rows that follow each other are the whole command, and nothing else."""
    rows = [squeezed(row) for row in text.splitlines()]
    framed = (
        row[1:-1] if len(row) > 1 and row[0] == row[-1] == "|" else row for row in rows
    )
    rows = [row.lstrip(_SIGNS) for row in framed]
    command = command.lstrip(_SIGNS)
    for first in range(len(rows)):
        left = command
        for row in rows[first:]:
            if not left.startswith(row):
                break
            left = left.removeprefix(row)
            if not left:
                return True
    return False


def _command(tool_input: dict[str, Any]) -> str | None:
    """The command of an input, as text; None if it has none."""
    command = tool_input.get("command")
    if _are_texts(command):
        return " ".join(command)
    return command if isinstance(command, str) else None


def _denial(chosen: str, choice: Choice) -> HookDecision:
    return HookDecision("deny", chosen, reason=(choice.text or "")[:REASON_MAX] or None)


def _word(value: Any, most: int = WORD_MAX) -> str:
    """A short text of the agent, with its hidden characters escaped."""
    return escaped(value[:most]) if isinstance(value, str) else ""


def _shown(text: str, most: int) -> str:
    shown = escaped(text[: most + 1], "\n\t")
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _texts(tool: str, tool_input: dict[str, Any]) -> tuple[str, str]:
    """Return the question, which has the exact command or path, and the whole text."""
    command = _command(tool_input)
    path = next((v for k in _PATHS if isinstance(v := tool_input.get(k), str)), None)
    subject, rest = "", ""
    if command is not None:
        subject = command
        about = tool_input.get("description")
        rest = about if isinstance(about, str) else ""
    elif path is not None:
        subject = path
        rest = "\n".join(_changed(tool_input))
    elif isinstance(url := tool_input.get("url"), str):
        subject = url
        about = tool_input.get("prompt")
        rest = about if isinstance(about, str) else ""
    else:
        subject = codec.indented(tool_input)[:TEXT_MAX].strip() if tool_input else ""
    question = f"{tool}: {subject}" if subject else tool
    whole = f"{question}\n{rest}" if rest else question
    return _shown(question, QUESTION_MAX), _shown(whole, TEXT_MAX)


def _changed(tool_input: dict[str, Any]) -> Iterator[str]:
    """The lines of an edit: those before with `-`, those after with `+`."""
    edits = tool_input.get("edits")
    for each in [tool_input, *(edits if isinstance(edits, list) else [])]:
        if isinstance(each, dict):
            for sign, names in (("-", _BEFORE), ("+", _AFTER)):
                texts = (each.get(name) for name in names)
                for text in texts:
                    if isinstance(text, str):
                        lines = text[:TEXT_MAX].splitlines()
                        yield from (f"{sign}{line}" for line in lines)


def _marks(tool_input: dict[str, Any]) -> Iterator[str]:
    """The texts that a dialog about this input has, if it has no command."""
    if _command(tool_input) is not None:
        return
    path = next((v for k in _PATHS if isinstance(v := tool_input.get(k), str)), None)
    if path is not None:
        lines = [line[1:] for line in _changed(tool_input)]
        first = next((each for each in map(squeezed, lines) if each), None)
        if first is not None:
            yield squeezed(path.rsplit("/", 1)[-1])
            yield first[:40]
        return
    texts = [each[:200] for each in tool_input.values() if isinstance(each, str)]
    marks = (squeezed(each)[:60] for each in texts[:4])
    yield from (each for each in marks if len(each) >= _SHORTEST)


def _cut(tool_input: dict[str, Any]) -> dict[str, Any]:
    """The texts of an input that is too large, each cut to a fair part."""
    texts = [(k, v) for k, v in tool_input.items() if isinstance(v, str)][:FIELDS]
    share = INPUT_MAX // 2 // max(len(texts), 1)
    return {
        name[:WORD_MAX]: text if len(text) <= share else f"{text[:share]}…"
        for name, text in texts
    }


def _offered(suggestions: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The suggestions that a label can show whole, each with its label."""
    for each in suggestions if isinstance(suggestions, list) else ():
        if isinstance(each, dict) and (effect := _effect(each)) is not None:
            label = f"Allow, and always: {escaped(effect)}"
            if len(label) <= LABEL_MAX:
                yield label, each


def _effect(suggestion: dict[str, Any]) -> str | None:
    """What a suggestion keeps, in words; None if ANT cannot tell."""
    known = dict(suggestion)
    kind, place = known.pop("type", None), known.pop("destination", None)
    where = _PLACES.get(place) if isinstance(place, str) else None
    if where is None:
        return None
    what: str | None = None
    if kind == "addRules" and known.pop("behavior", None) == "allow":
        what = _rules(known.pop("rules", None))
    elif kind == "setMode" and isinstance(mode := known.pop("mode", None), str):
        what = f"mode {mode}"
    elif kind == "addDirectories":
        folders = known.pop("directories", None)
        if _are_texts(folders):
            what = f"work in {', '.join(folders)}"
    return f"{what} ({where})" if what and not known else None


def _are_texts(value: Any) -> TypeGuard[list[str]]:
    is_list = isinstance(value, list) and bool(value)
    return is_list and all(isinstance(each, str) for each in value)


def _rules(rules: Any) -> str | None:
    names = []
    for rule in rules if isinstance(rules, list) else ():
        if not isinstance(rule, dict) or not rule.keys() <= {"toolName", "ruleContent"}:
            return None
        tool, content = rule.get("toolName"), rule.get("ruleContent", "")
        if not isinstance(tool, str) or not isinstance(content, str):
            return None
        names.append(f"{tool}({content})" if content else tool)
    return ", ".join(names) or None
