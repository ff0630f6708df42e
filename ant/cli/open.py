"""`ant open`: a link that signs a browser in, on this machine or on a phone.

The link is not given to the browser as an argument, since every user of the machine
could read it there. A file that only this user can read has it.
"""

import os
import sys
import webbrowser
from html import escape
from pathlib import Path

import click

from ant.cli.options import scopes_option, seconds
from ant.cli.runner import ServerCall, clean, server_command

_PAGE = """\
<!doctype html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={link}">
<title>ANT</title>
<a href="{link}">Sign in to ANT</a>
"""


@click.command("open", short_help="Sign a browser in by a link.")
@scopes_option("view,type,answer,post,admin")
@click.option("--label", help="The name of the device in `ant tokens list`.")
@click.option("--expires", default="90d", callback=seconds, help="Life of the sign-in.")
@click.option(
    "--url",
    help="The address of the server for that browser, such as "
    "http://192.168.1.5:6458. Without it: that of the call.",
)
@click.option("--qr", is_flag=True, help="Show the link as a QR code, for a phone.")
@click.option("--print", "is_printed", is_flag=True, help="Print the link only.")
@server_command(as_operator=True)
async def open_(
    call: ServerCall,
    scopes: list[str],
    label: str | None,
    expires: int,
    url: str | None,
    qr: bool,
    is_printed: bool,
) -> None:
    """Sign a browser in by a link that is valid once, for a minute.

    It opens the link in the browser of this machine, or prints it where there is none.
    With --qr a phone scans it; give its address of the server with --url.
    """
    if url is not None and not url.startswith(("http://", "https://")):
        raise click.UsageError(f"{url!r} is not an http:// or https:// URL.")
    made = await call.ant.create_sign_in_code(
        clean(label) if label else None, scopes, expires_in=expires
    )
    base = url or (made["url"] if call.ant.url.startswith("unix:") else call.ant.url)
    if base is None:
        raise click.UsageError(
            "This server listens on a Unix socket only, which no browser reaches. Give "
            "the URL of its proxy with --url."
        )
    link = base.rstrip("/") + made["path"]
    answer = {**made, "link": link}
    note = f"The link is valid once, for {made['expires_in']} seconds."
    if qr and not call.as_json:
        _show_qr(link)
        call.show(answer, note)
    elif not (is_printed or call.as_json) and _opened(link):
        call.show(answer, "The browser opens. " + note)
    else:
        call.show(answer, link)
        if not call.as_json:
            click.echo(note, err=True)


def _show_qr(link: str) -> None:
    import segno

    segno.make(link, micro=False).terminal(out=sys.stdout, border=2, compact=True)


def _opened(link: str) -> bool:
    """Whether a browser of this machine opens the link."""
    folder = os.environ.get("XDG_RUNTIME_DIR")
    has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not (folder and has_display and sys.stdout.isatty()):
        return False
    path = Path(folder) / "ant-open.html"
    try:
        path.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "w") as file:
            file.write(_PAGE.format(link=escape(link)))
    except OSError:
        return False  # The caller prints the link instead.
    return webbrowser.open(path.as_uri())
