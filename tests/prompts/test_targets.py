"""The configuration of the prompt bridge."""

from typing import Any

import pytest

from ant.api import codec
from ant.api.prompt_requests import PutBridge
from ant.core.errors import Invalid
from ant.model.prompts import LINKED_CHAT, BridgeConfig, Target, TargetKind
from ant.prompts import targets as bridge
from ant.store import Store

HOOK = {"kind": "webhook", "url": "https://example.org/x"}
ROOM = {"kind": "chat", "session_id": "room"}


def put(store: Store, **fields: Any) -> BridgeConfig:
    ask = codec.read_body(codec.render(fields), PutBridge)
    done: BridgeConfig = store.transact(bridge.put_config, ask)
    assert done == store.read(bridge.get_config)
    return done


def test_it_is_enabled_by_default(store: Store) -> None:
    """And an empty change changes nothing."""
    assert BridgeConfig() == store.read(bridge.get_config) == put(store)


def test_fields_that_are_absent_stay(store: Store) -> None:
    """To any depth, in either form; null removes a route."""
    put(store, detect={"patterns": ["x"]}, routes={"a": [ROOM], "b": [HOOK]})
    put(store, config={"detect": {"window_lines": 5}, "audit": False})
    config = put(store, routes={"b": None, "c": []})
    assert (("x",), 5, 30_000, False, True) == (
        config.detect.patterns,
        config.detect.window_lines,
        config.detect.min_interval_ms,
        config.audit,
        config.enabled,
    )
    assert {"a", "c"} == set(config.routes)


def test_a_configuration_that_was_read_can_be_written(store: Store) -> None:
    """As it is: the original's clients do so."""
    put(store, default_targets=[HOOK, ROOM], routes={"a": [{"kind": "linked_chat"}]})
    config = store.read(bridge.get_config)
    assert config == put(store, config=codec.loads(codec.dumps(config)))
    assert Target(TargetKind.WEBHOOK, url=HOOK["url"]) == config.default_targets[0]


@pytest.mark.parametrize(
    ("fields", "issue"),
    [
        (
            {"default_targets": [{"kind": "linked_chat"}, {"kind": "chat"}]},
            "a chat target needs session_id at $.default_targets[1]",
        ),
        (
            {"config": {"routes": {"a": [{"kind": "webhook"}]}}},
            "a webhook target needs url at $.config.routes.a[0]",
        ),
        (
            {"routes": {"a": [{**ROOM, "url": "https://a.b"}]}},
            "a chat target takes no url at $.routes.a[0]",
        ),
        (
            {"enabled": True, "config": {}},
            "expected either the settings or config, got both at $.config",
        ),
        (
            {"routes": {f"a{n}": [] for n in range(1000)}},
            "expected at most 1000 routes in all at $.routes",
        ),
    ],
)
def test_what_is_refused(store: Store, fields: dict[str, Any], issue: str) -> None:
    """With the place; and nothing is changed."""
    put(store, routes={"one": []})
    before = store.read(bridge.get_config)
    with pytest.raises(Invalid) as caught:
        put(store, **fields)
    assert [issue] == caught.value.issues
    assert before == store.read(bridge.get_config)


def test_the_nearest_route_counts(store: Store) -> None:
    """That of the terminal, then of its chat, then the default; none if disabled."""

    def targets() -> tuple[Target, ...]:
        return store.read(bridge.targets_of, "terminal", "chat")

    assert (LINKED_CHAT,) == targets()
    put(store, default_targets=[])
    assert () == targets()
    put(store, routes={"chat": [ROOM]})
    assert (Target(TargetKind.CHAT, "room"),) == targets()  # type: ignore[arg-type]
    put(store, routes={"terminal": [{"kind": "linked_chat"}]})
    assert (LINKED_CHAT,) == targets()
    put(store, enabled=False)
    assert () == targets()
