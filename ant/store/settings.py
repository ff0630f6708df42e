"""The server's own durable marks: log epoch, boot id, clean stop."""

from ant.store.tables.sessions import SettingRow
from ant.store.tables.statement import Statement

_GET = Statement(
    lambda key: SettingRow.select(SettingRow.value).where(SettingRow.key == key)
)


class SettingStore:
    """Text by key, inside one transaction."""

    def get(self, key: str) -> str | None:
        """The value, None where there is none."""
        value = _GET.value(key=key)
        return None if value is None else str(value)

    def put(self, key: str, value: str) -> None:
        """Set the value."""
        SettingRow.insert(key=key, value=value).on_conflict("REPLACE").execute()
