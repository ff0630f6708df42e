"""The server's own durable marks: log epoch, boot id, clean stop."""

from ant.store.tables import SettingRow


class Settings:
    """Text by key, inside one transaction."""

    def get(self, key: str) -> str | None:
        """The value, None where there is none."""
        row = SettingRow.get_or_none(SettingRow.key == key)
        return str(row.value) if row else None

    def put(self, key: str, value: str) -> None:
        """Set the value."""
        SettingRow.insert(key=key, value=value).on_conflict("REPLACE").execute()
