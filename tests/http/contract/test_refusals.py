"""When a route refuses: each status with the words of that route."""

from ant.http import routes
from ant.http.contract import refusals
from ant.http.contract.endpoint import ROUTES, Route

assert routes.__all__


def route(name: str) -> Route:
    """The route of this name."""
    return next(each for each in ROUTES if each.name == name)


def test_a_refusal_names_its_problem() -> None:
    """Each sentence begins with the end of the problem's `type`."""
    for each in ROUTES:
        for text in refusals.of_route(each).values():
            for line in text.split("\n\n"):
                slug, _, when = line.partition(": ")
                assert slug.startswith("`"), line
                assert when.endswith("."), line


def test_what_is_missing_is_named() -> None:
    """By the parameters of the route."""
    assert (
        "`not-found`: There is no such session, or it has no such message."
        == refusals.of_route(route("pin_message"))[404]
    )
    assert "no such link" in refusals.of_route(route("delete_link"))[404]
    assert 404 not in refusals.of_route(route("get_health"))


def test_a_token_is_told_where_it_may_call() -> None:
    """By the stance of the route."""
    assert "own rooms only" in refusals.of_route(route("list_messages"))[403]
    assert "may not call" in refusals.of_route(route("create_session"))[403]


def test_a_route_says_what_else_it_raises() -> None:
    """With the words beside it, several of one status below each other."""
    texts = refusals.of_route(route("respond"))
    assert 4 == len(texts[409].split("\n\n"))
    assert (
        "`not-an-option`: The prompt has no such answer. Nothing was typed."
        == (texts[422])
    )
    assert 410 not in refusals.of_route(route("get_session"))
