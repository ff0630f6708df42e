"""Errors of the library: several sessions of one name, and refusals without JSON."""

import httpx
import pytest

from ant.client.errors import Ambiguous, only, problem_in


def test_a_name_of_several_sessions() -> None:
    """The first eight are listed, and the number of the others."""
    rows = [{"name": "web", "handle": None, "id": f"id{n}"} for n in range(10)]
    assert rows[0] == only(rows[:1], "web")
    with pytest.raises(Ambiguous) as caught:
        only(rows, "web")
    said = str(caught.value)
    assert said.startswith("'web' names 10 sessions: web (-, id0), ")
    assert said.endswith("web (-, id7), and 2 more. Give the id of one.")


def test_a_refusal_without_a_problem() -> None:
    """A proxy between may answer with a page: its status and its beginning are told."""
    problem = {"status": 404, "detail": "no"}
    assert problem == problem_in(httpx.Response(404, json=problem))
    page = problem_in(httpx.Response(502, text="<h1>Bad gateway</h1>" * 50))
    assert page["detail"].startswith("HTTP 502: <h1>Bad gateway</h1>")
    assert len("HTTP 502: ") + 200 == len(page["detail"])
    assert "HTTP 500: [1]" == problem_in(httpx.Response(500, json=[1]))["detail"]
