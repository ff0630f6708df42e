"""Routes of local channels: programs on this host that receive messages by HTTP."""

import attrs

from ant.api.room_requests import NameChannel, RegisterChannel
from ant.core.errors import CapacityReached, Gone, Invalid, NotFound
from ant.http.contract.endpoint import Done, endpoint
from ant.messages import channels
from ant.messages.channels import Channel
from ant.model.access_tokens import Scope
from ant.runtime.system import System


@attrs.frozen
class ChannelSet:
    """The channel as it is registered now."""

    ok: bool
    channel: Channel
    """The channel."""


@endpoint(
    "POST",
    "/api/channel/register",
    raises={
        NotFound: "There is no session `session_id`.",
        Gone: "That session is archived or deleted.",
        CapacityReached: "64 channels are registered already.",
    },
    scope=Scope.ADMIN,
)
async def register_channel(system: System, body: RegisterChannel) -> ChannelSet:
    """Register a program on this host that receives messages on a port.

    ANT sends each message as one HTTP POST with a JSON body to that port of this host,
    in the order of the room, whatever program listens there. Ports below 1024 and the
    server's own port are a 400.
    A message that the program does not accept within 5 seconds is dropped.

    The channel receives the messages whose `target` is its `handle`. It also receives
    messages without a `target`: with a `session_id`, those of that room, or of the
    rooms that this terminal is in; without one, what people post in any room that is
    not the private chat of a terminal.

    A handle has one port: registering the handle again replaces the earlier channel.
    There may be 64 channels; the next one is a 429.
    """
    if body.port == system.config.port:
        raise Invalid(
            f"expected the port of another program, got {body.port}, where this server "
            "listens, at $.port"
        )
    return ChannelSet(True, await system.channels.register(body))


@endpoint("DELETE", "/api/channel/register", scope=Scope.ADMIN)
async def remove_channel(system: System, query: NameChannel) -> Done:
    """Remove a channel; succeeds even if no such channel is registered."""
    await system.journal.write(channels.remove, query)
    return Done()
