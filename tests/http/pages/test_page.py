"""The page over HTTP: its headers, its caching, and who may load it."""

import gzip
import string
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from quart_trio import QuartTrio

from ant.http import app as http_app
from ant.http.api_app import ApiApp
from ant.http.contract import problems
from ant.http.pages import page
from ant.http.pages.web_files import MISSING, STAMP, WebFiles, read_files
from tests.installed import need_page
from tests.systems import PATIENCE_S, running

KEY = "a-key-of-the-operator"
HOST = {"Host": "127.0.0.1"}
LINK = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}
"""What a browser says that follows a link of another site."""


@attrs.frozen
class Got:
    """A response."""

    status: int
    headers: Any
    body: bytes


async def get(app: QuartTrio, path: str, method: str = "GET", **headers: str) -> Got:
    """One request without a credential."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    with trio.fail_after(PATIENCE_S):
        response = await app.test_client().open(
            path, method=method, headers={**HOST, **named}
        )
        body = await response.get_data(as_text=False)
    return Got(response.status_code, response.headers, body)


def make(folder: Path) -> WebFiles:
    """A small page."""
    for name, text in {
        "index.html": "<script src={{assets}}/main.js></script>" + " " * 200,
        "main.js": "import './vendor/lib.js';" * 20,
        "vendor/lib.js": "export {}",
        "vendor/lib.js.br": "compressed",
        "favicon.svg": "<svg/>",
        "manifest.webmanifest": "{}",
        STAMP: "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return read_files(folder)


@pytest.fixture
def web_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebFiles:
    """A page that the next app serves."""
    found = make(tmp_path / "web")
    monkeypatch.setattr(http_app, "read_files", lambda: found)
    return found


@pytest.fixture
async def app(web_files: WebFiles, tmp_path: Path) -> AsyncIterator[QuartTrio]:
    """The app of a server that has a key."""
    async with running(tmp_path, api_key=KEY) as rig:
        yield rig.app


async def test_the_page_and_its_files_need_no_credential(
    app: QuartTrio, web_files: WebFiles
) -> None:
    """They have no data; what has some still needs one."""
    shown = await get(app, "/")
    assert (200, "text/html; charset=utf-8") == (
        shown.status,
        shown.headers["Content-Type"],
    )
    assert f"src=web/{web_files.hash}/main.js" in shown.body.decode()
    for name, file in web_files.files.items():
        got = await get(app, f"/{web_files.prefix}/{name}")
        assert (200, file.content) == (got.status, got.body)
        assert file.content_type == got.headers["Content-Type"]
        assert page.POLICY == got.headers["Content-Security-Policy"]
    assert 401 == (await get(app, "/api/status")).status
    assert 401 == (await get(app, "/web")).status


async def test_files_are_kept_and_the_page_is_asked_for(
    app: QuartTrio, web_files: WebFiles
) -> None:
    """A file stays for ever; the page, its icon and its manifest are compared."""
    file = await get(app, f"/{web_files.prefix}/main.js")
    assert page.KEPT == file.headers["Cache-Control"]
    for path in ("/", *page.ROOT_FILES):
        first = await get(app, path)
        assert (200, page.ASKED) == (first.status, first.headers["Cache-Control"])
        again = await get(app, path, If_None_Match=first.headers["ETag"])
        assert (304, b"") == (again.status, again.body)
        assert first.headers["ETag"] == again.headers["ETag"]
        assert 200 == (await get(app, path, If_None_Match='W/"another"')).status


async def test_an_older_file_is_not_served_by_a_newer_page(
    app: QuartTrio, web_files: WebFiles
) -> None:
    """It would be kept for ever under the wrong path."""
    for path in ("/web/0000000000000000/main.js", f"/{web_files.prefix}/none.js"):
        got = await get(app, path)
        assert (404, True) == (got.status, b"Load the page again" in got.body)


async def test_a_file_is_compressed_for_who_takes_it(
    app: QuartTrio, web_files: WebFiles
) -> None:
    """By the header of the request; `q=0` is a no."""
    for path in ("/", f"/{web_files.prefix}/main.js"):
        plain = await get(app, path)
        assert "Content-Encoding" not in plain.headers
        for value, is_gzip in {
            "gzip": True,
            "br, gzip;q=0.5": True,
            "*": True,
            "gzip;q=0": False,
            "br": False,
        }.items():
            got = await get(app, path, Accept_Encoding=value)
            assert is_gzip == (got.headers.get("Content-Encoding") == "gzip")
            body = gzip.decompress(got.body) if is_gzip else got.body
            assert plain.body == body
            assert "Accept-Encoding" == got.headers["Vary"]


async def test_brotli_is_sent_to_who_takes_it(
    app: QuartTrio, web_files: WebFiles
) -> None:
    """Before gzip, of a file that has it, and under the same address and hash."""
    path = f"/{web_files.prefix}/vendor/lib.js"
    plain = await get(app, path)
    for value, is_brotli in {
        "br": True,
        "gzip, deflate, br, zstd": True,
        "*": True,
        "gzip": False,
        "br;q=0": False,
    }.items():
        got = await get(app, path, Accept_Encoding=value)
        assert (b"compressed" if is_brotli else plain.body) == got.body
        assert ("br" if is_brotli else None) == got.headers.get("Content-Encoding")
        assert plain.headers["ETag"] == got.headers["ETag"]
        assert "Accept-Encoding" == got.headers["Vary"]


async def test_head_has_the_headers_of_get(app: QuartTrio, web_files: WebFiles) -> None:
    """Also the length. The connection sends no body, see `tests/web`."""
    for path in ("/", "/favicon.ico", f"/{web_files.prefix}/main.js"):
        got, head = await get(app, path), await get(app, path, "HEAD")
        assert (200, got.headers) == (head.status, head.headers)
        assert int(head.headers["Content-Length"]) > 0


async def test_a_link_of_another_site_opens_the_page_and_nothing_else(
    app: QuartTrio, web_files: WebFiles
) -> None:
    """Files are loaded by the page itself."""
    assert 200 == (await get(app, "/", **LINK)).status
    assert 403 == (await get(app, "/", **{**LINK, "Sec-Fetch-Dest": "iframe"})).status
    assert 403 == (await get(app, "/", Sec_Fetch_Site="cross-site")).status
    path = f"/{web_files.prefix}/main.js"
    assert 403 == (await get(app, path, Sec_Fetch_Site="cross-site")).status
    assert 200 == (await get(app, path, Sec_Fetch_Site="same-origin")).status
    assert 403 == (await get(app, "/", Host="evil.example")).status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_is_sent_to_the_page(app: QuartTrio, method: str) -> None:
    """These methods are not open, and with a credential there are none."""
    assert 401 == (await get(app, "/", method)).status
    got = await get(app, "/", method, Authorization=f"Bearer {KEY}")
    assert 405 == got.status


async def test_a_page_that_is_not_complete_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, which says what to do; the rest of the server works."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "index.html").touch()
    monkeypatch.setattr(http_app, "read_files", lambda: read_files(tmp_path / "web"))
    async with running(tmp_path) as rig:
        got = await get(rig.app, "/")
        assert (503, MISSING) == (got.status, got.body.decode())
        assert 1 == MISSING.count("\n")
        assert "make vendor" in MISSING
        assert 200 == (await get(rig.app, "/api/status")).status
        assert 404 == (await get(rig.app, "/favicon.svg")).status


PARTS = st.one_of(
    st.sampled_from(
        ["..", ".", "", "%2e%2e", "..%2f", "%2F..", "web", "vendor", "main.js", "~"]
    ),
    st.text(string.ascii_letters + string.punctuation + "é\0\n", max_size=8),
)


def test_no_path_leads_out_of_the_folder(tmp_path: Path) -> None:
    """Whatever is asked for below the prefix: a file of the page, or an error."""
    found = make(tmp_path / "web")
    (tmp_path / "secret.js").write_text("secret")
    app = ApiApp("page")
    problems.register(app)
    for path, view in page.views(found).items():
        app.add_view(path, "GET", path, view)
    served = {file.content for file in found.files.values()}

    @given(st.lists(PARTS, max_size=5))
    def check(parts: list[str]) -> None:
        async def ask() -> Got:
            path = "/".join(parts).replace("?", "").replace("#", "")
            return await get(app, f"/{found.prefix}/{path}")

        got = trio.run(ask)
        assert got.status in (404, 308) or got.body in served
        assert b"secret" not in got.body
        location = got.headers.get("Location", "/")
        assert location.startswith(("/", "http://127.0.0.1/"))

    check()


def test_the_page_of_this_checkout() -> None:
    """Its links are relative, so that it works below any path."""
    need_page()
    index = read_files().index
    assert index is not None
    text = index.content.decode()
    assert "{{" not in text
    assert 'src="/' not in text
    assert 'href="/' not in text
