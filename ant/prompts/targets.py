"""The prompt bridge: where prompts are announced. Its configuration is one setting."""

from typing import Any, Final

import attrs

from ant.api import codec
from ant.api.patch import changes
from ant.api.prompt_requests import PutBridge, TargetAsk
from ant.core import safe_post
from ant.core.errors import Invalid
from ant.model.prompts import BridgeConfig, Target, TargetKind
from ant.store import Unit

KEY: Final = "prompt_bridge"

MOST_ROUTES: Final = 1000
"""Sessions with targets of their own. Each new prompt reads all routes."""


def get_config(unit: Unit) -> BridgeConfig:
    """Return the configuration, with defaults for fields that are not set."""
    text = unit.settings.get(KEY)
    return codec.read_body(text.encode(), BridgeConfig) if text else BridgeConfig()


NO_EFFECT: Final = ("audit", "detect")
"""Settings of the original ANT that are stored for its clients and do nothing."""


def without_effect(request: PutBridge) -> tuple[str, ...]:
    """Return the names of the settings in a request that have no effect."""
    named = changes(request.config or request)
    return tuple(name for name in NO_EFFECT if name in named)


def put_config(unit: Unit, request: PutBridge, private: bool = False) -> BridgeConfig:
    """Change the fields that are present, to any depth; null removes a route.

    Raises `Invalid` for a target that lacks a field or has one too many, and unless
    `private` for a webhook at a private address.
    """
    named = changes(request)
    inner = named.pop("config", None)
    path = "$"
    if inner is not None:
        if named:
            raise Invalid(
                "expected either the settings or config, got both at $.config"
            )
        named, path = changes(inner), "$.config"
    before = get_config(unit)
    if "default_targets" in named:
        where = f"{path}.default_targets"
        named["default_targets"] = _targets(named["default_targets"], where, private)
    if "routes" in named:
        routes = _routes(before, named["routes"], f"{path}.routes", private)
        named["routes"] = routes
    if "detect" in named:
        named["detect"] = attrs.evolve(before.detect, **changes(named["detect"]))
    config = attrs.evolve(before, **named)
    unit.settings.put(KEY, codec.dumps(config).decode())
    return config


def _routes(
    before: BridgeConfig, requested: dict[Any, Any], path: str, private: bool
) -> dict[str, tuple[Target, ...]]:
    routes = dict(before.routes)
    for session_id, targets in requested.items():
        if targets is None:
            routes.pop(session_id, None)
        else:
            routes[session_id] = _targets(targets, f"{path}.{session_id}", private)
    if len(routes) > MOST_ROUTES:
        raise Invalid(f"expected at most {MOST_ROUTES} routes in all at {path}")
    return routes


def _targets(
    requested: tuple[TargetAsk, ...], path: str, private: bool
) -> tuple[Target, ...]:
    return tuple(
        _target(each, f"{path}[{n}]", private) for n, each in enumerate(requested)
    )


def _target(request: TargetAsk, path: str, private: bool) -> Target:
    needs = {"chat": "session_id", "webhook": "url"}.get(request.kind)
    for name in ("session_id", "url"):
        if (getattr(request, name) is not None) != (name == needs):
            verb = "needs" if name == needs else "takes no"
            raise Invalid(f"a {request.kind} target {verb} {name} at {path}")
    if request.url is not None and not private:
        try:
            host = safe_post.private_host(request.url)
        except ValueError as exc:
            raise Invalid(
                f"expected an IPv6 address in brackets at {path}.url"
            ) from exc
        if host is not None:
            refusal = safe_post.private_refusal(host).rstrip(".")
            raise Invalid(f"{refusal} at {path}.url")
    return Target(TargetKind(request.kind), request.session_id, request.url)


def targets_of(unit: Unit, terminal_id: str, chat_id: str | None) -> tuple[Target, ...]:
    """Return the targets of a terminal: those of its route, its chat's, or default."""
    config = get_config(unit)
    if not config.enabled:
        return ()
    for each in (terminal_id, chat_id):
        if each is not None and each in config.routes:
            return config.routes[each]
    return config.default_targets
