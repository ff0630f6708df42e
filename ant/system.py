"""The bundle a request handler may touch, and nothing beyond it."""

import attrs

from ant.bus import Bus
from ant.channels import Channels
from ant.config import Config
from ant.health import HealthProbe
from ant.indexer import Indexer
from ant.journal import Journal
from ant.presence import Presence
from ant.quotas import Quotas
from ant.remover import Remover
from ant.supervisor import Supervisor
from ant.witness import Stage


@attrs.frozen
class System:
    """One running server. `epoch` names the event log that `seq` counts in."""

    config: Config
    bus: Bus
    journal: Journal
    stage: Stage
    supervisor: Supervisor
    presence: Presence
    health: HealthProbe
    channels: Channels
    quotas: Quotas
    indexer: Indexer
    remover: Remover
    epoch: str
    build_id: str
