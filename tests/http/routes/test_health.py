"""Health."""

import ant
from tests.http.asking import ask
from tests.systems import Rig


async def test_health_answers(rig: Rig) -> None:
    """Status, version, sessions, and what it costs."""
    await rig.started()
    answer = await ask(rig.app, "GET", "/api/health")
    assert 200 == answer.status
    assert ("ok", ant.__version__, 1, 0) == (
        answer.body["status"],
        answer.body["version"],
        answer.body["active_session_count"],
        answer.body["session_cap"],
    )
    assert answer.body["pressure"]["open_fds"] > 0
    assert answer.body["resources"]["canSpawn"] is True
