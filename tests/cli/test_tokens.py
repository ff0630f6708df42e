"""`ant tokens`."""

from typing import Any

import pytest

from tests.served import ant, serve

ROW: dict[str, Any] = {
    "id": "w7Lq",
    "kind": "token",
    "label": "CI\u202e",
    "scopes": ["view", "post"],
    "session_id": None,
    "created_at": "2026-01-31T12:00:00.000000Z",
    "expires_at": "2026-03-02T12:00:00.000000Z",
    "last_used_at": None,
    "last_address": None,
}


@pytest.mark.parametrize("words", [["tokens"], ["tokens", "list"]])
def test_tokens_are_listed(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """One a line, with hidden characters spelled out."""
    served = serve(monkeypatch, **{"GET /api/tokens": {"tokens": [ROW]}})
    done = ant(*words, ANT_API_KEY="key-of-test")
    assert 0 == done.exit_code, done.output
    for part in ("w7Lq", r"CI\u202e", "view,post", "until 2026-03-02", "never used"):
        assert part in done.output
    assert "Bearer key-of-test" == served.asked[0].headers["Authorization"]
    served.answers["GET /api/tokens"] = {"tokens": []}
    assert "There are no tokens.\n" == ant(*words).output


def test_a_token_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is printed alone, for a variable of a shell."""
    made = {**ROW, "token": "ant_x"}
    rows = {"sessions": [{"id": "s1", "name": "build", "handle": "@b"}]}
    served = serve(monkeypatch, **{"POST /api/tokens": made, "GET /api/sessions": rows})
    words = "tokens", "new", "CI", "--scopes", "view, post"
    done = ant(*words, "--session", "@b", "--expires", "30d")
    assert (0, "ant_x\n") == (done.exit_code, done.output)
    assert {
        "label": "CI",
        "scopes": ["view", "post"],
        "session_id": "s1",
        "expires_in": 30 * 86400,
    } == served.last


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["new", "CI"], "--scopes"),
        (["new", "CI", "--scopes", "all"], "view, type, answer, post, admin"),
        (["new", "CI", "--scopes", "view", "--expires", "soon"], "12h or 30d"),
        (["revoke"], "ID"),
    ],
)
def test_bad_usage(words: list[str], says: str) -> None:
    """It says what was expected."""
    done = ant("tokens", *words)
    assert (2, True) == (done.exit_code, says in done.output)


def test_a_token_is_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its id; an unknown one is an error."""
    served = serve(monkeypatch, **{"DELETE /api/tokens/w7Lq": {"ok": True}})
    assert "Revoked w7Lq.\n" == ant("tokens", "revoke", "w7Lq").output
    problem = {"problem": 404, "detail": "There is no token 'w7Lq'."}
    served.answers["DELETE /api/tokens/w7Lq"] = problem
    assert 1 == ant("tokens", "revoke", "w7Lq").exit_code
