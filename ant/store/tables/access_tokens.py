"""The table of access tokens."""

from peewee import AutoField, BlobField, ForeignKeyField, TextField

from ant.store.tables.sessions import SessionRow, Table


class AccessTokenRow(Table):
    """An access token; `digest` is the SHA-256 of its secret.

    `parent_id` is the token with which it was made, if it was made with one.
    """

    ordinal = AutoField()
    id = TextField(unique=True)
    digest = BlobField(unique=True)
    parent_id = TextField(null=True)
    kind = TextField()
    label = TextField()
    scopes = TextField()
    session_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE", null=True)
    created_at = TextField()
    expires_at = TextField(null=True)
    last_used_at = TextField(null=True)
    last_address = TextField(null=True)

    class Meta:
        table_name = "access_tokens"
