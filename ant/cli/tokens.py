"""`ant tokens`: access tokens of programs, and browsers that have signed in."""

from typing import Any

import click

from ant.cli.options import scopes_option, seconds
from ant.cli.runner import ServerCall, clean, server_command


@click.group(
    invoke_without_command=True, short_help="Access tokens: list, make, revoke."
)
@click.pass_context
def tokens(context: click.Context) -> None:
    """Access tokens and signed-in browsers: list, make, revoke.

    Without a command it lists them.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_tokens)


@tokens.command("list")
@server_command(as_operator=True, short=True)
async def list_tokens(call: ServerCall) -> None:
    """List the tokens, with their scopes, their expiry and their last use."""
    page = await call.ant.tokens()
    lines = [_line(token) for token in page["tokens"]]
    call.show(page, *(lines or ["There are no tokens."]))


def _line(token: dict[str, Any]) -> str:
    used = token["last_used_at"]
    parts = [
        token["id"],
        token["kind"],
        token["label"],
        ",".join(token["scopes"]),
        f"session {token['session_id']}" if token["session_id"] else "all sessions",
        f"until {token['expires_at'][:10]}" if token["expires_at"] else "no expiry",
        f"used {used[:16]}Z from {token['last_address'] or 'a Unix socket'}"
        if used
        else "never used",
    ]
    return "  ".join(parts)


@tokens.command()
@click.argument("label")
@scopes_option(None)
@click.option("--session", help="Limit it to this session or room: id, name or handle.")
@click.option("--expires", callback=seconds, help="Its life, such as 12h or 30d.")
@server_command(as_operator=True, short=True)
async def new(
    call: ServerCall,
    label: str,
    scopes: list[str],
    session: str | None,
    expires: int | None,
) -> None:
    """Make a token with the name LABEL, and print it: it is shown only this once."""
    session_id = None
    if session is not None:
        session_id = (await call.ant.session(clean(session)))["id"]
    made = await call.ant.create_token(
        clean(label), scopes, session_id=session_id, expires_in=expires
    )
    call.show(made, made["token"])


@tokens.command()
@click.argument("token_id", metavar="ID")
@server_command(as_operator=True, short=True)
async def revoke(call: ServerCall, token_id: str) -> None:
    """Revoke the token or the sign-in with that ID, which `ant tokens list` shows."""
    done = await call.ant.revoke_token(clean(token_id))
    call.show(done, f"Revoked {token_id}.")
