"""`ant open`: the link, the QR code, and what a browser is given."""

import stat
from pathlib import Path

import pytest

from ant.cli import open as opening
from ant.client.address import Address
from tests.served import ant, serve

MADE = {
    "code": "c0de",
    "path": "/sign-in#c0de",
    "expires_in": 60,
    "url": "https://ant.example/ant",
}


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> object:
    return serve(monkeypatch, **{"POST /api/sign-in/codes": MADE})


def test_without_a_browser_the_link_is_printed(made: object) -> None:
    """Alone on standard output; the phone needs another address."""
    done = ant("open", "--label", "Phone", "--scopes", "view,answer")
    assert (0, "http://127.0.0.1:6458/sign-in#c0de\n") == (done.exit_code, done.stdout)
    assert "valid once, for 60 seconds" in done.stderr
    assert {
        "label": "Phone",
        "scopes": ["view", "answer"],
        "expires_in": 90 * 86400,
    } == made.last  # type: ignore[attr-defined]
    done = ant("open", "--url", "http://192.168.1.5:6458/ant/")
    assert "http://192.168.1.5:6458/ant/sign-in#c0de\n" == done.stdout
    assert 2 == ant("open", "--url", "192.168.1.5").exit_code


def test_a_unix_socket_has_no_page(
    monkeypatch: pytest.MonkeyPatch, made: object
) -> None:
    """The link is that of the server's other address; without one, it must be given."""
    flags = ("--server", "unix:/run/ant.sock")
    monkeypatch.setattr(Address, "settings", lambda self: {})
    assert "https://ant.example/ant/sign-in#c0de\n" == ant("open", *flags).stdout
    serve(monkeypatch, **{"POST /api/sign-in/codes": MADE | {"url": None}})
    done = ant("open", *flags)
    assert (2, True) == (done.exit_code, "with --url" in done.stderr)
    given = ant("open", *flags, "--url", "https://x")
    assert "https://x/sign-in#c0de\n" == given.stdout


def test_a_phone_scans_a_code() -> None:
    """Rows of blocks, all of one width."""
    done = ant("open", "--qr", "--url", "http://192.168.1.5:6458")
    assert 0 == done.exit_code, done.output
    rows = [each for each in done.stdout.splitlines() if "▀" in each or "▄" in each]
    assert len(rows) > 10
    assert "valid once" in done.stdout
    assert "c0de" not in done.stdout


def test_as_json() -> None:
    """With the link."""
    done = ant("open", "--json")
    assert '"link": "http://127.0.0.1:6458/sign-in#c0de"' in done.stdout


def test_a_browser_gets_a_file_and_no_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Arguments of a process can be read by everybody; the file by its owner only."""
    given: list[str] = []
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(opening.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(
        opening.webbrowser, "open", lambda url: bool(given.append(url)) or True
    )
    planted = tmp_path / "ant-open.html"
    planted.symlink_to(tmp_path / "elsewhere")
    assert opening._opened("http://127.0.0.1:6458/sign-in#c0de&<")
    assert [planted.as_uri()] == given
    assert 0o600 == stat.S_IMODE(planted.lstat().st_mode)
    text = planted.read_text()
    assert "http://127.0.0.1:6458/sign-in#c0de&amp;&lt;" in text
    assert not (tmp_path / "elsewhere").exists()
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert not opening._opened("http://127.0.0.1:6458/sign-in#c0de")
