"""A chain of events tells the first that was changed, removed or replaced."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.run_events import hash_chain

Body = dict[str, Any]


def links(count: int, first: int = 1) -> list[Body]:
    """A sound chain."""
    made: list[Body] = []
    prev = None if first == 1 else "0" * 64
    for n in range(first, first + count):
        body: Body = {"id": n * 7, "n": n, "text": f"é{n}", "payload": {}, "prev": prev}
        made.append(body | {"hash": hash_chain.seal(body)})
        prev = made[-1]["hash"]
    return made


def resealed(body: Body, **changes: Any) -> Body:
    body = body | changes
    return body | {"hash": hash_chain.seal(body)}


def test_a_hash_can_be_made_elsewhere() -> None:
    """It is that of plain JSON, so any language can check it."""
    assert hash_chain.seal({"n": 1, "id": 5, "b": "é", "a": [None, 1.5, True]}) == (
        # printf '{"a":[null,1.5,true],"b":"é","n":1}' | sha256sum
        "8deb9c48450be762e6bffbdbf793b35e7c4d75c0a78b233c2aadc4f28a704784"
    )


@pytest.mark.parametrize("first", [1, 40])
def test_a_whole_chain_has_no_fault(first: int) -> None:
    """Nor one whose beginning was let go; the row's number does not count."""
    whole = links(5, first)
    whole[2]["id"] = 99
    assert hash_chain.fault(whole) is None
    assert hash_chain.fault([]) is None


@given(st.integers(1, 9), st.data())
def test_fuzz_whatever_is_done_to_one_is_found(count: int, data: st.DataObject) -> None:
    """Changed, changed and sealed anew, or removed but from the ends."""
    whole = links(count + 2)
    at = data.draw(st.integers(1, count))
    changed, again, gone = list(whole), list(whole), list(whole)
    changed[at] = changed[at] | {"text": "other"}
    again[at] = resealed(again[at], text="other")
    del gone[at]
    replaced = f"Event {at + 1} was replaced: event {at + 2} follows another."
    assert replaced == hash_chain.fault(again)
    assert f"Event {at + 1} was changed." == hash_chain.fault(changed)
    assert f"Event {at + 1} was removed." == hash_chain.fault(gone)


@given(st.permutations(range(4)))
def test_fuzz_any_other_order_is_found(order: list[int]) -> None:
    """Nothing is missing then, so nothing is called removed."""
    whole = links(4)
    said = hash_chain.fault([whole[place] for place in order])
    if order == [*range(4)]:
        assert said is None
    else:
        assert said is not None
        assert said.endswith("is out of its place.")
