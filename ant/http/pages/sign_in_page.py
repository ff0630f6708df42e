"""The page at `/sign-in`: it exchanges the code in its address for a sign-in.

The code is in the fragment of the address (`/sign-in#CODE`). A browser does not send
the fragment, so the code is in no log of a proxy and in no `Referer`. The page removes
it from the history and sends it once in a body. A program that only fetches the link,
such as the preview of a chat, does not spend the code.
"""

import base64
import hashlib
from typing import Final

from quart import Response

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto 0;
  padding: 0 1rem; }
"""

_SCRIPT: Final = """
const said = document.getElementById("said");
const code = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
async function signIn() {
  if (!code) {
    said.textContent = "This link has no code. Get another one with ant open.";
    return;
  }
  const label = `Browser on ${navigator.platform || "a device"}`;
  const answer = await fetch("api/sign-in", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code, label }),
  });
  const body = await answer.json();
  said.textContent = answer.ok
    ? `This browser is signed in as ${body.label}.` : body.detail;
  if (answer.ok) location.replace("./");
}
signIn().catch(() => {
  said.textContent = "The server did not answer. Get another link with ant open.";
});
"""

_HTML: Final = f"""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>ANT: sign in</title>
<style>{_STYLE}</style>
<h1>ANT</h1>
<p id="said" role="status">Signing in…</p>
<noscript>To sign in, this page needs JavaScript.</noscript>
<script>{_SCRIPT}</script>
</html>
"""


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


POLICY: Final = (
    f"default-src 'none'; script-src {_source(_SCRIPT)}; style-src {_source(_STYLE)}; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may do: run its own script, and call this server."""


async def show_sign_in() -> Response:
    """The page, for anybody: it has no data."""
    headers = {"Content-Security-Policy": POLICY}
    return Response(_HTML, headers=headers, content_type="text/html; charset=utf-8")
