"""Durable settings of the server itself: log epoch, boot id, clean stop."""

from ant.store.tables.sessions import SettingRow
from ant.store.tables.statement import Statement

_GET = Statement(
    lambda key: SettingRow.select(SettingRow.value).where(SettingRow.key == key)
)


class SettingStore:
    """Texts by key in one transaction; owns the table `settings`."""

    def get(self, key: str) -> str | None:
        """The value of a key; None when it is not set."""
        value = _GET.value(key=key)
        return None if value is None else str(value)

    def put(self, key: str, value: str) -> None:
        """Set the value of a key."""
        SettingRow.insert(key=key, value=value).on_conflict("REPLACE").execute()
