"""`ant serve`: settings, keys, refusals."""

import gc
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ant import server
from ant.cli.main import main
from ant.config import Config
from ant.core import log_setup
from ant.core.errors import Conflict


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """The configurations that `ant serve` runs a server with."""
    configs: list[Config] = []

    async def serve(config: Config, ready: Any) -> None:
        configs.append(config)
        ready(["http://127.0.0.1:1"])

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr(log_setup, "set_up", lambda level, secret: None)
    return configs


def run(*argv: str, **env: str) -> Result:
    clean = dict.fromkeys(("ANT_API_KEY", "ANT_API_KEY_FILE", "ANT_PORT", "ANT_HOST"))
    return CliRunner().invoke(main, argv, env={**clean, **env})


def test_defaults_are_those_of_the_config(served: list[Config]) -> None:
    """Without a flag or a variable, `ant serve` runs `Config()`."""
    result = run("serve")
    assert (0, "ANT listening on http://127.0.0.1:1\n") == (
        result.exit_code,
        result.output,
    )
    assert Config(data_dir=Path("~/.ant").expanduser()) == served[0]


def test_what_was_imported_is_not_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The garbage collector leaves it out, and runs again when the server does."""
    seen = []

    async def serve(config: Config, ready: Any) -> None:
        seen.append((gc.isenabled(), gc.get_freeze_count() > before))

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr(log_setup, "set_up", lambda level, secret: None)
    before = gc.get_freeze_count()
    assert 0 == run("serve").exit_code
    assert [(True, True)] == seen


def test_flags_and_variables_are_the_same(served: list[Config]) -> None:
    """Each setting can be set either way."""
    flags = run(
        "serve",
        *("--host", "::1", "--port", "7", "--data-dir", "/x", "--grace", "1.5"),
        *("--log-level", "debug", "--insecure", "--max-active-sessions", "3"),
        *("--transcript-max-bytes", "70000", "--event-log-keep", "5"),
        *("--public-url", "https://ant.example", "--allowed-hosts", "a, b,"),
        *("--webhook-private", "--no-shell-integration"),
        *("--max-hops", "3", "--room-posts-per-minute", "4"),
        *("--token-bytes-per-minute", "5", "--token-requests-per-minute", "6"),
        *("--token-body-max", "2048", "--no-tcp", "--uds", "/s", "--cert", "/c"),
        *("--key", "/k", "--proxy", "10.0.0.1,", "--proxy", "::1", "--base-path", "/a"),
    )
    variables = run(
        "serve",
        ANT_HOST="::1",
        ANT_PORT="7",
        ANT_DATA_DIR="/x",
        ANT_GRACE_S="1.5",
        ANT_LOG_LEVEL="debug",
        ANT_INSECURE="1",
        ANT_MAX_ACTIVE_SESSIONS="3",
        ANT_TRANSCRIPT_MAX_BYTES="70000",
        ANT_EVENT_LOG_KEEP="5",
        ANT_PUBLIC_URL="https://ant.example",
        ANT_ALLOWED_HOSTS="a, b,",
        ANT_WEBHOOK_PRIVATE="1",
        ANT_SHELL_INTEGRATION="0",
        ANT_MAX_HOPS="3",
        ANT_ROOM_POSTS_PER_MINUTE="4",
        ANT_TOKEN_BYTES_PER_MINUTE="5",
        ANT_TOKEN_REQUESTS_PER_MINUTE="6",
        ANT_TOKEN_BODY_MAX="2048",
        ANT_TCP="0",
        ANT_UDS="/s",
        ANT_TLS_CERT="/c",
        ANT_TLS_KEY="/k",
        ANT_PROXY="10.0.0.1, ::1",
        ANT_BASE_PATH="/a",
    )
    assert (0, 0) == (flags.exit_code, variables.exit_code), variables.output
    expected = Config(
        host="::1",
        port=7,
        data_dir=Path("/x"),
        grace_s=1.5,
        log_level="debug",
        insecure=True,
        max_active_sessions=3,
        transcript_max_bytes=70000,
        event_log_keep=5,
        public_url="https://ant.example",
        allowed_hosts=("a", "b"),
        webhook_private=True,
        shell_integration=False,
        max_hops=3,
        room_posts_per_minute=4,
        token_bytes_per_minute=5,
        token_requests_per_minute=6,
        token_body_max=2048,
        tcp=False,
        uds=Path("/s"),
        tls_cert=Path("/c"),
        tls_key=Path("/k"),
        proxy=("10.0.0.1", "::1"),
        base_path="/a",
    )
    assert [expected, expected] == served


def test_paths_expand_a_tilde(served: list[Config]) -> None:
    """No shell expands it in a file of variables, or in `--flag=~/x`."""
    run("serve", "--data-dir=~/x", "--export-dir=~/out", ANT_OBSIDIAN_VAULT="vault")
    (config,) = served
    assert Path("~/x").expanduser() == config.data_dir
    assert Path("~/out").expanduser() == config.export_dir
    assert Path.cwd() / "vault" == config.obsidian_vault
    result = run("serve", "--data-dir", "~nobody-of-this-name/x")
    assert (2, 1) == (result.exit_code, len(served))


def test_the_key_comes_from_its_variable(served: list[Config], tmp_path: Path) -> None:
    """Or from a file. The flag, which others can read, is not in the help."""
    run("serve", ANT_API_KEY="hunter22")
    run("serve")
    file = tmp_path / "key"
    file.write_text("hunter33\n")
    run("serve", "--api-key-file", str(file))
    run("serve", ANT_API_KEY_FILE=str(file))
    keys = [config.api_key for config in served]
    assert ["hunter22", None, "hunter33", "hunter33"] == keys
    assert "--api-key " not in run("serve", "--help").output
    assert 2 == run("serve", "--api-key-file", str(file), ANT_API_KEY="k").exit_code


def test_an_invalid_key_is_refused(served: list[Config], tmp_path: Path) -> None:
    """An empty key would admit every caller; the error text says what to do."""
    file = tmp_path / "key"
    file.write_text("\n")
    refused = {
        "empty": [
            run("serve", ANT_API_KEY=""),
            run("serve", "--api-key="),
            run("serve", ANT_API_KEY="  "),
            run("serve", "--api-key-file", str(file)),
        ],
        "cannot be read": [run("serve", "--api-key-file", str(tmp_path / "none"))],
        "not one line of": [run("serve", ANT_API_KEY="two\nlines")],
        "can be guessed": [run("serve", ANT_API_KEY="hunter2")],
        "ANT_API_KEY_FILE is empty": [run("serve", ANT_API_KEY_FILE="")],
        "names no pipe": [
            run("serve", ANT_API_KEY_FD="x"),
            run("serve", ANT_API_KEY_FD="99"),
        ],
    }
    for words, results in refused.items():
        for result in results:
            assert 1 == result.exit_code, words
            assert result.output.startswith("ant: The key") or words in result.output
            assert words in result.output
    assert [] == served


def test_a_weak_key_is_warned_of(
    served: list[Config], caplog: pytest.LogCaptureFixture
) -> None:
    """It is accepted, since it is there already; the log never has it."""
    assert 0 == run("serve", ANT_API_KEY="fifteen letters").exit_code
    assert "The key has only 15 characters" in caplog.text
    assert "fifteen" not in caplog.text
    caplog.clear()
    assert 0 == run("serve", ANT_API_KEY="sixteen letters!").exit_code
    assert "" == caplog.text
    assert 2 == len(served)


def test_a_key_in_the_command_line_is_warned_of(served: list[Config]) -> None:
    """Others could read it there; a variable has no such warning."""
    result = run("serve", "--api-key", "a key of sixteen")
    assert "prefer --api-key-file" in result.stderr
    assert "" == run("serve", ANT_API_KEY="a key of sixteen").stderr
    assert ["a key of sixteen"] * 2 == [config.api_key for config in served]


@pytest.mark.parametrize(
    "argv",
    [
        ("serve", "--port", "70000"),
        ("serve", "--port", "x"),
        ("serve", "--log-level", "loud"),
        ("serve", "--event-log-keep", "0"),
        ("serve", "--nope"),
    ],
)
def test_usage_is_2(served: list[Config], argv: tuple[str, ...]) -> None:
    """No server is run."""
    assert 2 == run(*argv).exit_code
    assert [] == served


def test_a_refusal_is_a_sentence_and_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback."""

    async def serve(config: Config, ready: Any) -> None:
        raise Conflict("Another server uses this.")

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr(log_setup, "set_up", lambda level, secret: None)
    result = run("serve")
    assert (1, "ant: Another server uses this.\n") == (result.exit_code, result.output)
