"""Calls that a proxy forwards."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from ant.core.errors import Conflict
from ant.http.access.forwarded import CallSource, Proxies
from ant.http.app import create_app
from tests.http.asking import Api
from tests.systems import Rig, running

PROXY, CLIENT = "10.0.0.1", "192.0.2.7"
HOST = "ant.example"


def source(
    *headers: tuple[str, str],
    client: str | None = PROXY,
    proxies: tuple[str, ...] = (PROXY,),
    scheme: str = "http",
) -> CallSource:
    scope: dict[str, Any] = {"scheme": scheme, "client": client and (client, 1)}
    given = Headers([("Host", HOST), *headers])
    names = {name.lower().encode() for name, _ in given}
    return Proxies(proxies).source(scope, given, names)


FOR, PROTO, NAMED = "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"


def test_a_direct_call_is_what_the_kernel_says() -> None:
    """TLS is in the scheme of the connection."""
    assert CallSource(CLIENT, "http", HOST) == source(client=CLIENT)
    assert CallSource(CLIENT, "https", HOST) == source(client=CLIENT, scheme="wss")
    assert CallSource(None, "http", HOST) == source(client=None)


@pytest.mark.parametrize(
    ("headers", "client", "scheme", "host"),
    [
        ([], PROXY, "http", HOST),
        ([(FOR, CLIENT)], CLIENT, "http", HOST),
        ([(FOR, CLIENT), (PROTO, "https")], CLIENT, "https", HOST),
        ([(FOR, CLIENT), (PROTO, "wss")], CLIENT, "https", HOST),
        ([(FOR, CLIENT), (PROTO, "gopher")], CLIENT, "http", HOST),
        ([(FOR, CLIENT), (NAMED, "x.example")], CLIENT, "http", "x.example"),
        ([(FOR, f"1.1.1.1, {CLIENT}")], CLIENT, "http", HOST),
        ([(FOR, "1.1.1.1"), (FOR, CLIENT)], CLIENT, "http", HOST),
        ([(FOR, f"{CLIENT}, 10.0.0.1")], CLIENT, "http", HOST),
        ([(FOR, f"{CLIENT}:80")], CLIENT, "http", HOST),
        ([(FOR, "[2001:db8::1]:80")], "2001:db8::1", "http", HOST),
        ([(FOR, "2001:db8::1")], "2001:db8::1", "http", HOST),
        ([(FOR, f"{CLIENT}, unknown")], None, "http", HOST),
        ([(FOR, "")], None, "http", HOST),
        ([(FOR, "10.0.0.1")], PROXY, "http", HOST),
        ([(PROTO, "http, https")], PROXY, "https", HOST),
        ([("Forwarded", f"for={CLIENT};proto=https")], CLIENT, "https", HOST),
        ([("Forwarded", 'For="[2001:db8::1]:9";Host=y')], "2001:db8::1", "http", "y"),
        ([("Forwarded", f"for=1.1.1.1, for={CLIENT}")], CLIENT, "http", HOST),
        ([("Forwarded", "for=_hidden")], None, "http", HOST),
        ([("Forwarded", "nonsense")], None, "http", HOST),
        ([("Forwarded", f"for={CLIENT};x y")], None, "http", HOST),
        # Of the two kinds the proxy sets one, and a client the other.
        ([("Forwarded", f"for={CLIENT}"), (FOR, "1.1.1.1")], PROXY, "http", HOST),
    ],
)
def test_a_named_proxy_is_believed(
    headers: list[tuple[str, str]], client: str | None, scheme: str, host: str
) -> None:
    """The last value of each list: the others may be those of a client."""
    expected = CallSource(client, scheme, host, is_forwarded=True)
    assert expected == source(*headers)
    assert expected == source(*headers, client="::ffff:10.0.0.1")


@pytest.mark.parametrize(
    "header",
    [
        *((FOR, CLIENT), (PROTO, "https"), (NAMED, "x"), ("Forwarded", "for=1.1.1.1")),
        *(("X-Real-IP", CLIENT), ("Via", "1.1 proxy"), ("X-Forwarded-Server", "x")),
        *(("X-Forwarded-User", "ada"), ("Tailscale-User-Login", "ada")),
        *(
            ("CDN-Loop", "x"),
            ("X-Cluster-Client-IP", CLIENT),
            ("X-Envoy-External-Address", CLIENT),
        ),
    ],
)
def test_another_one_is_not_believed(header: tuple[str, str]) -> None:
    """Its headers say only that the call is not its own."""
    for client in (CLIENT, "127.0.0.1", "::1", None):
        expected = CallSource(client, "http", HOST, is_forwarded=True)
        assert expected == source(header, client=client)
        assert expected == source(header, client=client, proxies=())


def test_networks() -> None:
    """An address in one is that of a proxy; what is neither is refused."""
    given = ("10.0.0.0/8", "2001:db8::/32")
    for client in ("10.9.9.9", "2001:db8::5"):
        assert source(client=client, proxies=given).is_forwarded
    assert not source(client="11.0.0.1", proxies=given).is_forwarded
    for text in ("proxy.example", "10.0.0.0/33", "", "unix"):
        with pytest.raises(Conflict, match="is no address and no network"):
            Proxies([text])


@given(
    st.lists(st.tuples(st.sampled_from([FOR, PROTO, NAMED, "Forwarded"]), st.text()))
)
def test_any_text_is_read_fuzz(headers: list[tuple[str, str]]) -> None:
    """A forwarded call is never taken for a direct one."""
    clean = [
        (name, "".join(c for c in text if c.isprintable())) for name, text in headers
    ]
    assert source(*clean).is_forwarded
    assert bool(clean) == source(*clean, client=CLIENT).is_forwarded


async def status(rig: Rig, method: str = "GET", **headers: str) -> tuple[int, str]:
    """What a call of the server gets."""
    given = {name.replace("_", "-"): each for name, each in headers.items()}
    client = rig.app.test_client()
    path = "/api/sessions"
    json = {"name": "x", "type": "chat"} if method == "POST" else None
    response = await client.open(path, method=method, headers=given, json=json)
    body = await response.get_json()
    return response.status_code, body.get("detail", "")


HEADER = {"X_Forwarded_For": CLIENT}


async def test_a_forwarded_call_needs_a_credential(tmp_path: Any) -> None:
    """On a server without a key the kernel would take it for the proxy's."""
    async with running(tmp_path) as rig:
        for method in ("GET", "POST"):
            code, says = await status(rig, method, **HEADER)
            assert (401, True) == (code, "ANT_API_KEY" in says and "--proxy" in says)
            # A key that the server has not is no credential.
            bearer = {"Authorization": "Bearer wrong"}
            assert 401 == (await status(rig, method, **HEADER, **bearer))[0]
        assert 200 == (await status(rig))[0]
        session = await rig.started("ada")
        token = rig.specs[0].env["ANT_TOKEN"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert 200 == (await status(rig, **HEADER, **bearer))[0]
        async with rig.app.test_client().websocket(
            "/ws", headers={"X-Forwarded-For": CLIENT}
        ) as socket:
            with pytest.raises(Exception, match="401") as refused:
                await socket.receive()
            assert session
            assert 401 == refused.value.response.status_code  # type: ignore


async def test_insecure_means_it(tmp_path: Any) -> None:
    """Who opens a server to everybody opens it to proxies."""
    async with running(tmp_path, insecure=True) as rig:
        assert 200 == (await status(rig, **HEADER))[0]


KEY = {"Authorization": "Bearer a-key-of-the-operator"}


async def test_a_page_behind_a_proxy(tmp_path: Any) -> None:
    """Its origin is that of the browser if the proxy is named, else that of ANT."""
    page = {"Origin": "https://localhost", **KEY}
    forwarded = {"X_Forwarded_Proto": "https", **HEADER}
    settings = {"api_key": "a-key-of-the-operator"}
    async with running(tmp_path, **settings) as rig:
        code, says = await status(rig, "POST", **page, **forwarded)
        assert (403, True) == (code, "--proxy" in says)
        # The test client has no address; the network has all that it could have.
        for proxy, expected in (((), 403), (("0.0.0.0/0", "::/0"), 201)):
            object.__setattr__(rig.system.config, "proxy", proxy)
            rig.app = create_app(rig.system, identify_peers=False)
            inner = rig.app.asgi_http_class

            def made(app: Any, scope: Any, inner: Any = inner) -> Any:
                return inner(app, scope | {"client": ("127.0.0.1", 1)})

            rig.app.asgi_http_class = made  # type: ignore[assignment]
            assert expected == (await status(rig, "POST", **page, **forwarded))[0]


async def test_a_key_is_enough(tmp_path: Any) -> None:
    """From wherever the call comes."""
    async with running(tmp_path, api_key="a-key-of-the-operator") as rig:
        api = Api(rig, "a-key-of-the-operator")
        assert await api.get("/api/sessions")
        assert 200 == (await status(rig, **HEADER, **KEY))[0]
        assert 401 == (await status(rig, **HEADER))[0]
