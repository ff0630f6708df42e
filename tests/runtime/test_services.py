"""What all runs share: which are in progress, and what a server may lack."""

import pytest

from ant.core.errors import Invalid
from tests.systems import Rig


async def test_runs_are_listed_while_they_last(rig: Rig) -> None:
    """The flow stays, for those that still read the last bytes."""
    session, services = await rig.started("one"), rig.system.services
    run = services.running[session.id]
    assert run.flow is services.flows[session.id]
    assert services.token_signer.matches(
        services.token_signer.token(session.id, run.run), session.id, run.run
    )
    await rig.system.supervisor.stop(session.id)
    assert {} == services.running
    assert run.flow is services.flows[session.id]


async def test_a_server_may_have_no_tmux(rig: Rig) -> None:
    """Then a session that asks for it is refused."""
    with pytest.raises(Invalid, match=r"no tmux at \$\.host"):
        rig.system.services.need_tmux()
