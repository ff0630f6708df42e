"""The keys to a goal: arrows until the right row is marked, then one key that takes."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.core.errors import NotAnOption
from ant.terminal.input.keys import ENTER, AnswerGoal, KeyStep, goal_of, next_move
from ant.terminal.model.choice import Choice
from ant.terminal.model.prompt import Form, Prompt
from ant.terminal.screen.modes import Modes
from tests.terminal.input.test_keys import CLAUDE, LINE, prompt


def marked(asked: Prompt, at: int) -> Prompt:
    """The same prompt with the marker on another row."""
    options = enumerate(asked.options)
    moved = tuple(attrs.evolve(each, selected=i == at) for i, each in options)
    return attrs.evolve(asked, options=moved)


@pytest.mark.parametrize(
    ("form", "at", "application", "keys"),
    [
        (Form.MENU, 0, False, b"\x1b[B"),
        (Form.MENU, 2, False, b"\x1b[A"),
        (Form.MENU, 0, True, b"\x1bOB"),
        (Form.BUTTONS, 0, False, b"\x1b[C"),
        (Form.BUTTONS, 2, True, b"\x1bOD"),
        (Form.BOXES, 0, True, b"\x1bOB"),
    ],
)
def test_arrows(form: Form, at: int, application: bool, keys: bytes) -> None:
    """In the form that the program has requested."""
    asked = marked(prompt("a", "b", "c", form=form), at)
    goal = goal_of(asked, Choice("select", index=1))
    move = next_move(asked, goal, Modes(application_cursor=application))
    assert KeyStep(keys, takes=False) == move


def test_without_a_marked_row_nothing_is_pressed() -> None:
    """Enter would accept an unknown row, even where all boxes are right."""
    for form in (Form.MENU, Form.BUTTONS, Form.BOXES):
        asked = marked(prompt("a", "b", form=form), -1)
        for goal in (AnswerGoal("a", index=0), AnswerGoal("", ticked=frozenset())):
            with pytest.raises(NotAnOption):
                next_move(asked, goal, Modes())
    assert KeyStep(b"\x1b", takes=True) == next_move(
        LINE, AnswerGoal("x", key=b"\x1b"), Modes()
    )
    with pytest.raises(NotAnOption):
        next_move(CLAUDE, AnswerGoal("text", text="x"), Modes())


def pressed(asked: Prompt, key: bytes) -> Prompt:
    """The prompt after a key that does not take."""
    at = asked.selected
    assert at is not None
    if key == b" ":
        was = asked.options[at]
        options = list(asked.options)
        options[at] = attrs.evolve(was, checked=not was.checked)
        return attrs.evolve(asked, options=tuple(options))
    step = {b"A": -1, b"B": 1, b"C": 1, b"D": -1}[key[-1:]]
    return marked(asked, min(max(at + step, 0), len(asked.options) - 1))


@given(
    st.sampled_from([Form.MENU, Form.BUTTONS, Form.BOXES]),
    st.integers(2, 12).flatmap(
        lambda n: st.tuples(
            *[st.integers(0, n - 1)] * 2,
            *[st.lists(st.booleans(), min_size=n, max_size=n)] * 2,
        )
    ),
    st.booleans(),
)
def test_a_goal_is_reached(
    form: Form, plan: tuple[int, int, list[bool], list[bool]], application: bool
) -> None:
    """From any row to any other, exactly one key takes, and it takes the right one."""
    at, to, before, wanted = plan
    asked = marked(prompt(*map(str, range(len(before))), form=form), at)
    choice = Choice("select", index=to)
    if form is Form.BOXES:
        options = zip(asked.options, before, strict=True)
        ticked = tuple(attrs.evolve(each, checked=on) for each, on in options)
        asked = attrs.evolve(asked, options=ticked)
        indexes = tuple(i for i, on in enumerate(wanted) if on)
        choice = Choice("select", indexes=indexes)
    goal = goal_of(asked, choice)
    for _ in range(200):
        move = next_move(asked, goal, Modes(application_cursor=application))
        if move.takes:
            break
        asked = pressed(asked, move.data)
    assert KeyStep(ENTER, takes=True) == move
    if form is Form.BOXES:
        assert wanted == [option.checked for option in asked.options]
    else:
        assert to == asked.selected


def boxes(at: int, *checked: bool) -> Prompt:
    """Two boxes, a field, and the row that accepts them, as Claude Code has them."""
    asked = prompt("a", "b", "Type", "Submit=\r", "Chat", form=Form.BOXES)
    ticks = [*checked, None, None, None]
    options = zip(asked.options, ticks, strict=True)
    filled = tuple(attrs.evolve(each, checked=tick) for each, tick in options)
    return marked(attrs.evolve(asked, options=filled), at)


@pytest.mark.parametrize(
    ("asked", "wanted", "move"),
    [
        (boxes(0, False, False), (0,), KeyStep(b" ", takes=False)),
        (boxes(0, True, False), (0,), KeyStep(b"\x1b[B", takes=False)),
        (boxes(0, True, False), (0, 1), KeyStep(b"\x1b[B", takes=False)),
        (boxes(2, True, False), (0,), KeyStep(b"\x1b[B", takes=False)),
        (boxes(3, True, False), (0,), KeyStep(ENTER, takes=True)),
        (boxes(3, True, False), (1,), KeyStep(b"\x1b[A", takes=False)),
        (boxes(4, True, False), (0,), KeyStep(b"\x1b[A", takes=False)),
        (boxes(3, False, False), (), KeyStep(ENTER, takes=True)),
    ],
)
def test_boxes_are_accepted_on_their_row(
    asked: Prompt, wanted: tuple[int, ...], move: KeyStep
) -> None:
    """Enter on a box would only tick it, so it is pressed on the row below."""
    goal = goal_of(asked, Choice("select", indexes=wanted))
    assert move == next_move(asked, goal, Modes())


def test_a_field_among_boxes_is_not_ticked() -> None:
    """A blank would be typed into it; the rows below can be chosen."""
    asked = boxes(0, False, False)
    for choice in (Choice("select", index=2), Choice("select", indexes=(0, 2))):
        with pytest.raises(NotAnOption):
            goal_of(asked, choice)
    with pytest.raises(NotAnOption):
        goal_of(asked, Choice("select", indexes=(3,)))
    assert AnswerGoal("Submit", index=3) == goal_of(
        asked, Choice("select", label="submit")
    )
    assert AnswerGoal("Chat", index=4) == goal_of(asked, Choice("select", index=4))
    without = attrs.evolve(asked, options=asked.options[:3])
    with pytest.raises(NotAnOption):
        goal_of(without, Choice("select", index=2))
