"""What a server listens on by its settings."""

import logging
from pathlib import Path
from typing import Any

import pytest

from ant.config import Config
from ant.core.errors import Conflict, Forbidden
from ant.http.listeners import check, open_all
from tests import certificates


async def urls(**settings: Any) -> tuple[tuple[str, ...], str, str]:
    """What is printed at the start, and the URLs for programs and for links."""
    config, certificate = check(Config(port=0, **settings))
    opened = await open_all(config, certificate)
    try:
        port = f":{opened.config.port}"
        shown, local, url = opened.shown, opened.local_url, opened.url
        return (
            tuple(each.replace(port, ":PORT") for each in shown),
            local.replace(port, ":PORT"),
            url.replace(port, ":PORT"),
        )
    finally:
        opened.close()


async def test_the_urls(tmp_path: Path) -> None:
    """With the scheme, the port and the base path; the Unix socket comes first."""
    cert, key = certificates.make(tmp_path)
    path = tmp_path / "s"
    plain, unix = "http://127.0.0.1:PORT", f"unix:{path}"
    tls = {"tls_cert": cert, "tls_key": key}
    public = "https://ant.example/ant"
    assert ((plain,), plain, plain) == await urls()
    assert ((unix, plain), plain, plain) == await urls(uds=path)
    assert ((unix,), unix, unix) == await urls(uds=path, tcp=False)
    below = "https://127.0.0.1:PORT/ant"
    assert ((below,), below, below) == await urls(**tls, base_path="/ant/")
    shown, local, url = await urls(**tls, public_url=public, base_path="/ant")
    assert (below, below, public) == (*shown, local, url)
    shown, local, _ = await urls(host="0.0.0.0", insecure=True)
    assert ("http://0.0.0.0:PORT", plain) == (*shown, local)
    shown, local, _ = await urls(host="::1")
    assert ("http://[::1]:PORT", "http://[::1]:PORT") == (*shown, local)
    assert not path.exists()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"tcp": False}, "give --uds PATH, too"),
        ({"tls_cert": Path("/x")}, "--cert and --key belong together"),
        ({"tls_key": Path("/x")}, "--cert and --key belong together"),
        (
            {
                "tls_cert": Path("/x"),
                "tls_key": Path("/x"),
                "tcp": False,
                "uds": Path("/s"),
            },
            "which --no-tcp leaves closed",
        ),
        ({"tls_cert": Path("/no"), "tls_key": Path("/no")}, "/no cannot be read"),
        ({"proxy": ("proxy.example",)}, "is no address and no network"),
        ({"base_path": "ant"}, "is no path such as /ant"),
        ({"base_path": "/ant", "public_url": "https://x"}, "does not end with"),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any], says: str) -> None:
    """One sentence says what to do; nothing was opened."""
    with pytest.raises(Conflict, match=says):
        check(Config(**settings))


def test_a_public_address_needs_a_key() -> None:
    """Unless it is not listened on."""
    with pytest.raises(Forbidden, match="can be reached from outside"):
        check(Config(host="0.0.0.0"))
    check(Config(host="0.0.0.0", api_key="a-key-of-sixteen"))
    check(Config(host="0.0.0.0", tcp=False, uds=Path("/s")))


async def test_a_socket_that_cannot_be_opened_leaves_no_port(tmp_path: Path) -> None:
    """The port is free again."""
    (tmp_path / "s").write_text("a file")
    with pytest.raises(Conflict, match="is no socket of this user"):
        await urls(uds=tmp_path / "s")


@pytest.mark.parametrize(
    ("names", "settings", "is_warned"),
    [
        (["DNS:ant.example"], {}, True),
        (["DNS:ant.example"], {"public_url": "https://ant.example"}, False),
        (["IP:127.0.0.1"], {}, False),
        (["IP:127.0.0.1"], {"host": "0.0.0.0", "insecure": True}, False),
    ],
)
async def test_a_certificate_for_another_name(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    names: list[str],
    settings: dict[str, Any],
    is_warned: bool,
) -> None:
    """Programs in terminals would not accept it, so the log says what to set."""
    cert, key = certificates.make(tmp_path, *names)
    given = Config(port=0, tls_cert=cert, tls_key=key, **settings)
    opened = await open_all(*check(given))
    with caplog.at_level(logging.WARNING):
        opened.warn_of_name()
    opened.close()
    assert is_warned == ("set --public-url" in caplog.text)
    assert str(cert) == opened.ca
