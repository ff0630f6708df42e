"""Rules of the prompt bridge: where prompts are told; one object in the settings."""

from typing import Any, Final

import attrs

from ant.api import codec
from ant.api.patch import changes
from ant.api.prompt_requests import PutBridge, TargetAsk
from ant.core.errors import Invalid
from ant.model.prompts import BridgeConfig, Target, TargetKind
from ant.store import Unit

KEY: Final = "prompt_bridge"

MOST_ROUTES: Final = 1000
"""Sessions with targets of their own: all of it is read for every prompt."""


def get_config(unit: Unit) -> BridgeConfig:
    """What is set, with the defaults for the rest."""
    text = unit.settings.get(KEY)
    return codec.read_body(text.encode(), BridgeConfig) if text else BridgeConfig()


def put_config(unit: Unit, request: PutBridge) -> BridgeConfig:
    """Change what is named, to any depth; a route that is null is taken out.

    Raises `Invalid` where a target lacks what it needs, or has too much.
    """
    named = changes(request)
    inner = named.pop("config", None)
    path = "$"
    if inner is not None:
        if named:
            raise Invalid("either the settings or config, not both at $.config")
        named, path = changes(inner), "$.config"
    before = get_config(unit)
    if "default_targets" in named:
        where = f"{path}.default_targets"
        named["default_targets"] = _targets(named["default_targets"], where)
    if "routes" in named:
        named["routes"] = _routes(before, named["routes"], f"{path}.routes")
    if "detect" in named:
        named["detect"] = attrs.evolve(before.detect, **changes(named["detect"]))
    config = attrs.evolve(before, **named)
    unit.settings.put(KEY, codec.dumps(config).decode())
    return config


def _routes(
    before: BridgeConfig, asked: dict[Any, Any], path: str
) -> dict[str, tuple[Target, ...]]:
    routes = dict(before.routes)
    for session_id, targets in asked.items():
        if targets is None:
            routes.pop(session_id, None)
        else:
            routes[session_id] = _targets(targets, f"{path}.{session_id}")
    if len(routes) > MOST_ROUTES:
        raise Invalid(f"expected at most {MOST_ROUTES} routes in all at {path}")
    return routes


def _targets(asked: tuple[TargetAsk, ...], path: str) -> tuple[Target, ...]:
    return tuple(_target(each, f"{path}[{n}]") for n, each in enumerate(asked))


def _target(asked: TargetAsk, path: str) -> Target:
    needs = {"chat": "session_id", "webhook": "url"}.get(asked.kind)
    for name in ("session_id", "url"):
        if (getattr(asked, name) is not None) != (name == needs):
            verb = "needs" if name == needs else "has no"
            raise Invalid(f"a {asked.kind} target {verb} {name} at {path}")
    return Target(TargetKind(asked.kind), asked.session_id, asked.url)


def targets_of(unit: Unit, terminal_id: str, chat_id: str | None) -> tuple[Target, ...]:
    """Where a prompt of that terminal is told: by its route, its chat's, or as ever."""
    config = get_config(unit)
    if not config.enabled:
        return ()
    for each in (terminal_id, chat_id):
        if each is not None and each in config.routes:
            return config.routes[each]
    return config.default_targets
