"""Who may call."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from ant.config import Config
from ant.core.errors import Forbidden, Unauthorized
from ant.http.access.auth import (
    check_host,
    check_key,
    check_origin,
    has_key,
    host_name,
    may_have_key,
    peer_of,
    terminal_token,
)
from tests.http.asking import ask
from tests.systems import Rig

KEY = "hunter2"
HERE = "ant.local:6458"


@pytest.mark.parametrize(
    ("netloc", "expected"),
    [
        ("localhost:6458", "localhost"),
        ("LocalHost", "localhost"),
        ("[::1]:6458", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("ant.local.", "ant.local"),
        ("user@evil:80", "evil"),
        ("", ""),
        ("[", ""),
        ("[::1", ""),
    ],
)
def test_a_host_is_its_name(netloc: str, expected: str) -> None:
    """Without port, brackets, case and the root's dot."""
    assert expected == host_name(netloc)


@pytest.mark.parametrize(
    ("host", "config", "allowed"),
    [
        ("localhost:6458", Config(), True),
        ("127.0.0.1:6458", Config(), True),
        ("192.168.0.7:1", Config(), True),
        ("[::1]:6458", Config(), True),
        ("evil.example", Config(), False),
        ("localhost.evil.example", Config(), False),
        ("", Config(), False),
        (None, Config(), False),
        ("ant.local", Config(host="Ant.Local"), True),
        ("ant.local", Config(allowed_hosts=("other", "ANT.local")), True),
        ("ant.example", Config(public_url="https://ant.example/x"), True),
        ("", Config(public_url="nonsense"), False),
    ],
)
def test_a_host_is_ours_or_is_refused(
    host: str | None, config: Config, allowed: bool
) -> None:
    """DNS rebinding comes with a name; an address cannot be rebound."""
    if allowed:
        check_host(config, host)
    else:
        with pytest.raises(Forbidden, match="does not accept the host"):
            check_host(config, host)


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Origin": f"http://{HERE}"}, True),
        ({"Origin": f"HTTP://{HERE.upper()}"}, True),
        ({"Origin": f"https://{HERE}"}, False),
        ({"Origin": f"http://user@{HERE}"}, False),
        ({"Origin": "http://["}, False),
        ({"Origin": f"http://{HERE}", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "http://ant.local"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": f"file://{HERE}"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, False),
    ],
)
def test_a_page_of_another_origin_is_refused(
    headers: dict[str, str], allowed: bool
) -> None:
    """Whatever it asks for: what it may not read it could measure, and load."""
    call = Config(), "GET", "/api/health", Headers({"Host": HERE, **headers})
    if allowed:
        check_origin(*call)
    else:
        with pytest.raises(Forbidden, match="another origin"):
            check_origin(*call)


def test_the_second_origin_counts_as_the_first() -> None:
    """Whoever adds ours to a foreign one gets nothing by that."""
    headers = Headers({"Host": HERE, "Origin": f"http://{HERE}"})
    check_origin(Config(), "GET", "/", headers)
    headers.add("Origin", "http://evil.example")
    with pytest.raises(Forbidden, match="another origin"):
        check_origin(Config(), "GET", "/", headers)


@pytest.mark.parametrize(
    ("public_url", "host", "origin", "allowed"),
    [
        (None, "ant.example", "https://ant.example", False),
        (None, "ant.example:443", "https://ant.example", False),
        ("https://ant.example", "ant.example", "https://ant.example", True),
        ("https://ant.example/x", "ant.example:443", "https://ant.example", True),
        ("https://Ant.Example", "ant.example", "https://ant.example:443", True),
        ("https://ant.example", "ant.example", "http://ant.example", False),
        ("https://ant.example", "127.0.0.1:1", "https://ant.example", True),
        ("https://ant.example", "127.0.0.1:1", "http://127.0.0.1:1", True),
        ("https://ant.example", "127.0.0.1:1", "https://127.0.0.1:1", False),
        ("https://ant.example", "ant.example", "https://ant.example:8443", False),
        ("http://ant.example", "ant.example", "http://ant.example:80", True),
        ("nonsense", "ant.example", "http://ant.example", True),
    ],
)
def test_a_proxy_may_speak_another_scheme(
    public_url: str | None, host: str, origin: str, allowed: bool
) -> None:
    """If ANT_PUBLIC_URL says so: no header of the request does."""
    headers = Headers({"Host": host, "Origin": origin, "X-Forwarded-Proto": "https"})
    call = Config(public_url=public_url), "POST", "/api/sessions", headers
    if allowed:
        check_origin(*call)
    else:
        with pytest.raises(Forbidden, match="ANT_PUBLIC_URL"):
            check_origin(*call)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE"])
async def test_every_method_of_another_page_is_refused(rig: Rig, method: str) -> None:
    """Reading as much as writing, whether it names its origin or its site."""
    path = "/api/sessions"
    for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "http://evil"}):
        response = await rig.app.test_client().open(
            path,
            method=method,
            headers={name.replace("_", "-"): each for name, each in headers.items()},
        )
        assert 403 == response.status_code, headers
    assert 200 == (await ask(rig.app, "GET", path, Sec_Fetch_Site="none")).status


@pytest.mark.parametrize(
    ("headers", "query_key", "allowed"),
    [
        ({"Authorization": f"Bearer {KEY}"}, None, True),
        ({"Authorization": f"bearer  {KEY} "}, None, True),
        ({"X-API-Key": KEY}, None, True),
        ({}, KEY, True),
        ({"Authorization": "Bearer wrong"}, KEY, True),
        ({}, None, False),
        ({}, "", False),
        ({"Authorization": KEY}, None, False),
        ({"Authorization": f"Basic {KEY}"}, None, False),
        ({"Authorization": "Bearer"}, None, False),
        ({"X-API-Key": KEY.upper()}, None, False),
        ({"X-API-Key": KEY[:-1]}, None, False),
        ({"X-API-Key": KEY + "x"}, None, False),
        ({"X-API-Key": "h\u00fcnter2"}, None, False),
        ({}, "h\udcffnter2", False),
        ({}, "\u6f22", False),
    ],
)
def test_the_key_is_shown_in_one_of_three_ways(
    headers: dict[str, str], query_key: str | None, allowed: bool
) -> None:
    """Any of them is enough; nothing else is."""
    config = Config(api_key=KEY)
    if allowed:
        check_key(config, Headers(headers), query_key)
    else:
        with pytest.raises(Unauthorized, match="X-API-Key"):
            check_key(config, Headers(headers), query_key)


def test_without_a_key_none_is_required() -> None:
    """For a key, that is: then it is the kernel that is asked (`peers`)."""
    check_key(Config(), Headers(), None)


@pytest.mark.parametrize(
    ("headers", "query_key", "token"),
    [
        ({}, None, None),
        ({"Authorization": "Bearer ant.a.b"}, None, "ant.a.b"),
        ({"X-API-Key": "ant.a.b"}, None, "ant.a.b"),
        ({}, "ant.a.b", "ant.a.b"),
        ({"Authorization": f"Bearer {KEY}", "X-API-Key": "ant."}, None, "ant."),
        ({"Authorization": f"Bearer {KEY}"}, None, None),
        ({"X-API-Key": "ant.h\u00fc"}, None, "ant.h\u00fc"),
        ({"Authorization": "Basic ant.a.b"}, None, None),
    ],
)
def test_what_looks_like_a_token_is_one(
    headers: dict[str, str], query_key: str | None, token: str | None
) -> None:
    """However it is shown, and whatever it is worth: never no credential at all."""
    assert token == terminal_token(Headers(headers), query_key)


def test_the_key_is_the_key_even_if_it_looks_like_a_token() -> None:
    """And where there is none it was not shown."""
    headers = Headers({"X-API-Key": "ant.key"})
    assert has_key(Config(api_key="ant.key"), headers, None)
    assert not has_key(Config(), headers, None)


@pytest.mark.parametrize("scope", [{}, {"state": {}}, {"state": {"peer": None}}])
def test_a_request_without_a_peer_is_refused(scope: dict[str, object]) -> None:
    """A listener that looks up no peers lets no caller in."""
    with pytest.raises(Unauthorized, match="cannot determine"):
        peer_of(scope)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_allowed_or_refused_fuzz(host: str, shown: str) -> None:
    """What a client sends raises nothing of another kind."""
    try:
        check_host(Config(), host)
        terminal_token(Headers(), shown)
        check_key(Config(api_key=KEY), Headers(), shown.replace("\ud800", ""))
    except (Forbidden, Unauthorized):
        pass


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=3))
def test_a_key_in_a_query_is_never_overlooked(pairs: list[tuple[str, str]]) -> None:
    """However its name is quoted."""
    query = urlencode([*pairs, ("apiKey", "x")])
    for quoted in (query, query.replace("K", "%4B"), query.replace("api", "%61pi")):
        assert may_have_key(quoted.encode())
    assert not may_have_key(b"limit=50&q=a+b")
