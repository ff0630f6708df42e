"""Local channels: programs on this machine that are told what rooms say."""

import attrs

from ant import registry
from ant.commands import NameChannel, RegisterChannel
from ant.errors import CapacityReached, Gone, NotFound
from ant.http.endpoint import Done, endpoint
from ant.registry import Channel
from ant.system import System


@attrs.frozen
class ChannelSet:
    """A channel is registered, as it says here."""

    ok: bool
    channel: Channel


@endpoint("POST", "/api/channel/register", raises=(NotFound, Gone, CapacityReached))
async def register_channel(system: System, body: RegisterChannel) -> ChannelSet:
    """Have messages posted to a port of this machine; a handle has one port.

    It is told what is said to its handle (`target`), and what is said to nobody in
    particular in the rooms of its `session_id`. Each message is one POST of JSON, in
    the order of the room. What a channel does not take within 5 s is dropped.
    """
    return ChannelSet(True, await system.journal.write(registry.register, body))


@endpoint("DELETE", "/api/channel/register")
async def remove_channel(system: System, query: NameChannel) -> Done:
    """Tell a channel no more, if it was registered."""
    await system.journal.write(registry.remove, query)
    return Done()
