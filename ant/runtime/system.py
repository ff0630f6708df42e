"""The parts of a running server that a request handler may use."""

import attrs
import trio

from ant.config import Config
from ant.history.indexer import Indexer
from ant.identity.live_tokens import LiveTokens
from ant.identity.quotas import Quotas
from ant.identity.sign_in_codes import SignInCodes
from ant.journal.bus import Bus
from ant.journal.writer import Journal
from ant.messages.channel_sender import ChannelSender
from ant.rooms.presence import Presence
from ant.runtime.health import HealthProbe
from ant.runtime.remover import Remover
from ant.runtime.services import RunServices
from ant.runtime.supervisor import Supervisor
from ant.terminal.agents.own_drivers import DriverFolder


@attrs.frozen
class System:
    """One running server. `epoch` identifies the event log in which `seq` counts."""

    config: Config
    bus: Bus
    journal: Journal
    services: RunServices
    supervisor: Supervisor
    presence: Presence
    health: HealthProbe
    channels: ChannelSender
    quotas: Quotas
    indexer: Indexer
    remover: Remover
    epoch: str
    build_id: str
    live_tokens: LiveTokens = attrs.field(factory=LiveTokens)
    sign_in_codes: SignInCodes = attrs.field(factory=SignInCodes)
    drivers: DriverFolder = attrs.Factory(
        lambda self: DriverFolder(self.config.drivers), takes_self=True
    )
    drivers_lock: trio.Lock = attrs.field(factory=trio.Lock)
