"""The configuration of the prompt bridge."""

from typing import Any

import pytest

from ant.api import codec
from ant.api.prompt_requests import PutBridge
from ant.core.errors import Invalid
from ant.core.safe_post import private_refusal
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


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "10.0.0.1",
        "[::1]",
        "localhost",
    ],
)
def test_a_webhook_at_a_private_address_is_refused(store: Store, host: str) -> None:
    """With the sentence of the post; unless the server allows it."""
    hook = {"kind": "webhook", "url": f"http://{host}:8080/x"}
    name = host.strip("[]")
    for fields, path in (
        ({"default_targets": [HOOK, hook]}, "$.default_targets[1].url"),
        ({"config": {"routes": {"a": [hook]}}}, "$.config.routes.a[0].url"),
    ):
        with pytest.raises(Invalid) as caught:
            put(store, **fields)
        refusal = private_refusal(name).rstrip(".")
        assert [f"{refusal} at {path}"] == caught.value.issues
    ask = codec.read_body(codec.render({"default_targets": [hook]}), PutBridge)
    config = store.transact(bridge.put_config, ask, True)
    assert hook["url"] == config.default_targets[0].url


@pytest.mark.parametrize("host", ["[1.2]", "[:]", "[abc]"])
def test_a_webhook_at_no_address_is_refused(store: Store, host: str) -> None:
    """What stands in brackets is an address."""
    with pytest.raises(Invalid, match=r"in brackets at \$\.default_targets\[0\]\.url$"):
        put(store, default_targets=[{"kind": "webhook", "url": f"https://{host}/x"}])


@pytest.mark.parametrize("host", ["example.org", "8.8.8.8", "[2001:4860:4860::8888]"])
def test_a_webhook_elsewhere_is_accepted(store: Store, host: str) -> None:
    """No name is looked up here."""
    put(store, default_targets=[{"kind": "webhook", "url": f"https://{host}/x"}])


def test_a_fault_in_a_list_has_its_index() -> None:
    """Of the item, to any depth."""
    data = {"default_targets": [ROOM, {"kind": "pigeon"}], "routes": {"a": [HOOK, 5]}}
    with pytest.raises(Invalid) as caught:
        codec.read_body(codec.render(data), PutBridge)
    paths = [issue.rpartition(" at ")[2] for issue in caught.value.issues]
    assert ["$.default_targets[1].kind", "$.routes['a'][1]"] == paths
