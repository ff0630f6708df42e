"""How prompts come into the database; a whole server but its listener."""

from typing import Any

import pytest

from ant.model.prompts import LEFT, PromptStatus
from ant.prompts import prompts
from tests.asked import Asker, prompt, stored
from tests.systems import Rig


@pytest.fixture
async def asker(rig: Rig) -> Asker:
    return await Asker.start(rig)


async def test_a_prompt_that_leaves_while_it_is_stored_is_closed(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first commit is under way when the screen changes; a second one closes it."""
    write = asker.rig.system.journal.write

    async def slow(work: Any, *args: Any) -> Any:
        found = await write(work, *args)
        if work is prompts.raise_prompt:
            asker.show()
        return found

    monkeypatch.setattr(asker.rig.system.journal, "write", slow)
    asker.show(prompt())
    one = asker.rig.system.services.prompt_service.current(asker.session.id)
    await asker.settled()
    kept = stored(asker.rig.store, one.id)
    assert kept is not None
    assert (PromptStatus.RESOLVED, LEFT) == (kept.status, kept.reason)
