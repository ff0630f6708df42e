"""Access tokens in the database."""

from datetime import timedelta

from ant.model.access_tokens import AccessTokenId
from ant.store import Store, Unit
from tests.identity.test_live_tokens import TOKEN


def test_a_token_is_as_it_was(store: Store) -> None:
    """By its digest and by its id, with its last use."""

    def work(unit: Unit) -> None:
        unit.access_tokens.add(TOKEN, b"digest", None)
        assert (TOKEN, b"digest") == unit.access_tokens.by_digest(b"digest")
        assert unit.access_tokens.by_digest(b"other") is None
        at = TOKEN.created_at + timedelta(hours=1)
        unit.access_tokens.used(TOKEN.id, at, "::1")
        used = unit.access_tokens.get(TOKEN.id)
        assert used is not None
        assert (at, "::1") == (used.last_used_at, used.last_address)
        assert (used,) == unit.access_tokens.all()
        unit.access_tokens.remove([TOKEN.id])
        assert (0, None) == (
            unit.access_tokens.count(),
            unit.access_tokens.get(AccessTokenId("one")),
        )

    store.transact(work)
