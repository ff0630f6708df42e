"""Two prompts are the same if an answer means the same in both."""

import attrs

from ant.terminal.model.prompt import Form, Kind, Option, Prompt, PromptClass, Verdict

MENU = Prompt(
    kind=Kind.DIALOG,
    class_=PromptClass.PERMISSION_REQUEST,
    form=Form.MENU,
    question="Do you want to proceed?",
    options=(Option("Yes", selected=True), Option("No")),
    rule="menu",
    rows=(3, 6),
    text="Do you want to proceed?\n1. Yes\n2. No",
)


def test_moving_the_marker_keeps_the_fingerprint() -> None:
    """A client that saw the menu with the first row marked may still answer it."""
    moved = attrs.evolve(MENU, options=(Option("Yes"), Option("No", selected=True)))
    scrolled = attrs.evolve(MENU, rows=(1, 4), text="…")
    assert MENU.fingerprint == moved.fingerprint == scrolled.fingerprint
    assert (0, 1) == (MENU.selected, moved.selected)


def test_what_changes_the_meaning_is_another_prompt() -> None:
    """Another order, question, form or class gives another fingerprint."""
    others = [
        attrs.evolve(MENU, options=MENU.options[::-1]),
        attrs.evolve(MENU, question="Do you want to delete it?"),
        attrs.evolve(MENU, class_=PromptClass.MULTI_CHOICE),
        attrs.evolve(MENU, form=Form.WORDS),
        attrs.evolve(MENU, options=(Option("Yes", keys="1"), Option("No", keys="2"))),
        attrs.evolve(MENU, options=(Option("YesNo"),)),
        attrs.evolve(MENU, subject="rm -rf build"),
    ]
    assert 8 == len({MENU.fingerprint, *(other.fingerprint for other in others)})


def test_a_verdict_is_news_if_its_state_or_prompt_differs() -> None:
    """More output with the same screen is no news; another state or marker is."""
    verdict = Verdict(Kind.DIALOG, "menu", (3, 4), 100, MENU)
    assert verdict.differs_from(None)
    assert not attrs.evolve(verdict, end=200).differs_from(verdict)
    assert attrs.evolve(verdict, kind=Kind.BUSY, prompt=None).differs_from(verdict)
    moved = attrs.evolve(MENU, options=MENU.options[::-1])
    assert attrs.evolve(verdict, prompt=moved).differs_from(verdict)


def test_another_reason_to_be_at_rest_is_news() -> None:
    """For example a shell that ANT sees at its prompt and that then reports it."""
    seen = Verdict(Kind.AT_REST, "shell", (3,), 100)
    assert attrs.evolve(seen, rule="shell/mark", end=200).differs_from(seen)
    assert not attrs.evolve(seen, end=200).differs_from(seen)
    busy = Verdict(Kind.BUSY, "spinner", (3,), 100)
    assert not attrs.evolve(busy, rule="hint").differs_from(busy)
