"""Local channels: programs on this machine that are told what rooms say."""

import attrs

from ant.api.room_requests import NameChannel, RegisterChannel
from ant.core.errors import CapacityReached, Gone, NotFound
from ant.http.contract.endpoint import Done, endpoint
from ant.messages import channels
from ant.messages.channels import Channel
from ant.runtime.system import System


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
    return ChannelSet(True, await system.journal.write(channels.register, body))


@endpoint("DELETE", "/api/channel/register")
async def remove_channel(system: System, query: NameChannel) -> Done:
    """Tell a channel no more, if it was registered."""
    await system.journal.write(channels.remove, query)
    return Done()
