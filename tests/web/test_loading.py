"""The page arrives: whole, small, soon, from this server alone, under its policy."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from ant.http.pages import page as page_module
from ant.http.pages.web_files import read_files
from ant.http.server.hardening import HEADERS
from tests.installed import need_page
from tests.web.browser import PHONE, WebServer, web_server
from tests.web.conftest import Opener

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def server(
    browser: "Browser", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebServer]:
    """One server for all tests here: they change nothing."""
    with web_server(tmp_path_factory.mktemp("server")) as one:
        yield one


RAW, COMPRESSED, GZIPPED = 700_000, 200_000, 210_000
"""Bytes of all files of the page: as they are, and as a browser that takes Brotli gets
them. Over plain HTTP from another host browsers take gzip only, hence the third."""

PAINT_MS = 500
"""Milliseconds to the first paint on loopback."""


def test_the_page_is_small() -> None:
    """All its files together, those of third parties included."""
    need_page()
    found = read_files()
    assert found.index is not None
    files = [found.index, *found.files.values()]
    assert sum(len(each.content) for each in files) < RAW
    assert sum(len(each.least) for each in files) < COMPRESSED
    assert sum(len(each.gzipped or each.content) for each in files) < GZIPPED


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_the_page_loads(window: Opener, options: dict[str, object]) -> None:
    """Without a violation, an error, a missing file, or a request elsewhere."""
    watched = window(**options)
    page = watched.open()
    page.wait_for_load_state("networkidle")
    assert "ANT" in page.title()
    assert page.inner_text("body").strip()
    assert len(watched.requests) > 1


@pytest.mark.slow
def test_every_third_party_module_loads(window: Opener) -> None:
    """Under the policy, and with what its name promises."""
    watched = window()
    page = watched.open()
    prefix = read_files().prefix
    names = [
        name
        for name in read_files().files
        if re.fullmatch(r"vendor/([\w-]+/)?[\w-]+\.js", name)
    ]
    found = page.evaluate(
        """async ([prefix, names]) => Object.fromEntries(await Promise.all(
          names.map(async (name) => {
            const module = await import(new URL(`${prefix}/${name}`, location.href));
            return [name, Object.keys(module)];
          })))""",
        [prefix, names],
    )
    assert set(names) == set(found)
    for name, export in {
        "lit-html": "html",
        "signals-core": "signal",
        "lean-qr": "generate",
        "xterm": "Terminal",
        "addon-unicode-graphemes": "UnicodeGraphemesAddon",
        "addon-webgl": "WebglAddon",
        "directives/repeat": "repeat",
    }.items():
        assert export in found[f"vendor/{name}.js"], name


@pytest.mark.slow
def test_the_browser_takes_brotli(window: Opener, server: WebServer) -> None:
    """Here, by http on its own machine. curl and the like are sent gzip, or neither."""
    path = f"/{read_files().prefix}/vendor/xterm.js"
    page = window().open()
    sent = page.evaluate(
        """async (path) => {
          const whole = await (await fetch(path)).arrayBuffer();
          const { href } = new URL(path, location.href);
          const [entry] = performance.getEntriesByName(href);
          return [entry.encodedBodySize, whole.byteLength];
        }""",
        path,
    )
    file = read_files().files["vendor/xterm.js"]
    assert file.brotli is not None
    assert [len(file.brotli), len(file.content)] == sent
    got = server.http.get(path, headers={"Accept-Encoding": "identity"})
    assert ("Content-Encoding" in got.headers, file.content) == (False, got.content)


@pytest.mark.slow
def test_a_second_visit_loads_no_file_again(window: Opener) -> None:
    """Every file with a hash in its path comes from the browser's cache."""
    watched = window()
    page = watched.open()
    page.wait_for_load_state("networkidle")
    for _ in range(2):  # Another page, then back: a reload might ask for all again.
        page.goto("about:blank")
        page = watched.open()
        page.wait_for_load_state("networkidle")
    sent = page.evaluate(
        """performance.getEntriesByType("resource")
          .filter((entry) => entry.name.includes("/web/"))
          .map((entry) => [entry.name, entry.transferSize])"""
    )
    assert sent
    assert {0} == {size for _, size in sent}, sent


PAINTED = """
new Promise((resolve) => {
  const observer = new PerformanceObserver((list) => {
    const [entry] = list.getEntriesByName("first-contentful-paint");
    if (entry) resolve(entry.startTime);
  });
  observer.observe({ type: "paint", buffered: true });
})
"""


@pytest.mark.slow
def test_the_first_paint_is_soon(window: Opener) -> None:
    """Once in five times, since others use this machine, too."""
    painted = 0.0
    for _ in range(5):
        page = window().open()
        painted = page.evaluate(PAINTED)
        if painted < PAINT_MS:
            return
    pytest.fail(f"The last one took {painted:.0f} ms.")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "directive"),
    [
        ("new Image().src = 'http://localhost:1/x.png'", "img-src"),
        ("document.body.innerHTML = '<b>text</b>'", "require-trusted-types-for"),
    ],
)
def test_a_violation_is_seen(window: Opener, code: str, directive: str) -> None:
    """By the console and by an event, so the other tests mean something."""
    watched = window()
    page = watched.open()
    with page.expect_console_message():
        page.evaluate(f"() => {{ try {{ {code} }} catch {{}} }}")
    while not {"console", "policy"} <= watched.kinds():
        page.wait_for_timeout(10)  # It lets the other report arrive.
    assert any(directive in each for each in watched.wrong)
    watched.wrong.clear()


@pytest.mark.slow
def test_the_server_answers_as_a_browser_needs(server: WebServer) -> None:
    """On the wire: headers of every kind of response, and HEAD without a body."""
    paths = ["/", "/favicon.ico", f"/{read_files().prefix}/vendor/xterm.js"]
    for path in paths:
        got, head = server.http.get(path), server.http.head(path)
        assert (200, 200, b"") == (got.status_code, head.status_code, head.content)
        assert "gzip" == got.headers["Content-Encoding"]
        for name, value in HEADERS.items():
            if name == b"cache-control":
                continue
            if name == b"content-security-policy":
                value = page_module.POLICY.encode()
            assert value.decode() == got.headers[name.decode()]
        got.headers.pop("Date"), head.headers.pop("Date")
        assert got.headers == head.headers
        again = {"If-None-Match": got.headers["ETag"]}
        assert 304 == server.http.get(path, headers=again).status_code
    assert 404 == server.http.get("/web/%2e%2e/%2e%2e/etc/passwd").status_code


@pytest.mark.slow
def test_it_works_behind_a_path(window: Opener, server: WebServer) -> None:
    """All addresses are relative: a proxy may put the page below another path."""
    watched = window()
    base = "/some/where/"

    def forward(route, request) -> None:  # type: ignore[no-untyped-def]
        path = request.url.removeprefix(server.url)
        assert path.startswith(base), f"the page left its path: {path}"
        got = httpx.get(server.url + "/" + path.removeprefix(base), trust_env=False)
        headers = {k: v for k, v in got.headers.items() if k != "content-encoding"}
        route.fulfill(status=got.status_code, headers=headers, body=got.content)

    watched.page.route("**/*", forward)
    watched.open(base)
    watched.page.wait_for_load_state("load")
    assert all(base in url for url in watched.requests)


@pytest.mark.slow
def test_a_browser_that_is_not_signed_in_gets_the_page(
    window: Opener, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The page has no data; it asks for it, and is refused."""
    folder = tmp_path_factory.mktemp("keyed")
    with web_server(folder, ANT_API_KEY="a-key-of-the-operator") as keyed:
        watched = window(keyed)
        watched.expect_status(401)
        page = watched.open()
        page.wait_for_load_state("networkidle")
        assert "ANT" in page.title()
        answer = page.evaluate("fetch('api/status').then((answer) => answer.status)")
        assert 401 == answer
        watched.wrong = [e for e in watched.wrong if "WebSocket" not in e]
