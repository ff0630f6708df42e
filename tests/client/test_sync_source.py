"""The synchronous classes have the methods of those for trio, and nothing else."""

import inspect
from pathlib import Path

import pytest

from ant import client
from ant.client import sync_source
from ant.client.sync_source import CLASSES, MODULES, left_out

FOLDER = Path(client.__file__).parent
OPENING = {"close", "sender", "url"}
"""What only a client has that opens a loop."""


@pytest.mark.parametrize("module", MODULES)
def test_the_modules_are_up_to_date(module: str) -> None:
    """Run `make docs` after a change of the classes for trio."""
    assert sync_source.source(module) == (FOLDER / f"{module}.py").read_text()


def public(kind: type) -> dict[str, object]:
    """The public members of a class and of its bases."""
    found: dict[str, object] = {}
    for each in reversed(kind.__mro__[:-1]):
        found |= {k: v for k, v in vars(each).items() if not k.startswith("_")}
    return found


PAIRS = [(kind, getattr(client, name)) for kind, name in CLASSES.items()]


@pytest.mark.parametrize(
    ("for_trio", "synchronous"), PAIRS, ids=lambda each: each.__name__
)
def test_the_names_and_parameters_are_the_same(
    for_trio: type, synchronous: type
) -> None:
    """One may be read with the documentation of the other."""
    theirs, ours = public(for_trio), public(synchronous)
    own = OPENING if synchronous is client.Ant else set()
    assert theirs.keys() - left_out(for_trio) == ours.keys() - own
    for name in theirs.keys() - left_out(for_trio):
        one, other = theirs[name], ours[name]
        assert isinstance(one, property) is isinstance(other, property), name
        if not isinstance(one, property):
            assert callable(one)
            assert callable(other)
            given = inspect.signature(one).parameters
            assert str(given.values()) == str(
                inspect.signature(other).parameters.values()
            )
            assert not inspect.iscoroutinefunction(other)


@pytest.mark.parametrize(
    ("for_trio", "synchronous"), PAIRS, ids=lambda each: each.__name__
)
def test_the_results_have_the_same_types(for_trio: type, synchronous: type) -> None:
    """What is awaited in one is returned by the other."""
    theirs, ours = public(for_trio), public(synchronous)
    for name in theirs.keys() - left_out(for_trio):
        one, other = theirs[name], ours[name]
        one = one.fget if isinstance(one, property) else one
        other = other.fget if isinstance(other, property) else other
        assert callable(one)
        assert callable(other)
        wanted = str(inspect.signature(one).return_annotation)
        wanted = wanted.replace("Coroutine[Any, Any, ", "", 1).replace("Async", "")
        wanted = wanted.replace("EventSocket", "Socket")
        got = str(inspect.signature(other).return_annotation)
        assert wanted.strip("]") == got.strip("]"), name


def test_the_constructors_are_the_same() -> None:
    """The server and the caller are found in one way."""
    one = inspect.signature(client.AsyncAnt).parameters.values()
    assert str(one) == str(inspect.signature(client.Ant).parameters.values())


def test_what_opens_an_unknown_class_is_left_out() -> None:
    """A stream wants a task that iterates while another one types."""
    assert {"follow"} == left_out(client.AsyncAnt) - {"stream"}
    assert not hasattr(client.Ant, "follow")
