"""The Quart app without what ANT does not use."""

from ant.http.api_app import ApiApp
from tests.http.asking import ask
from tests.systems import Rig


async def test_a_redirect_has_the_host_of_the_request() -> None:
    """The map of routes is bound to no name of its own."""
    app = ApiApp("app")

    @app.get("/place/")
    async def place() -> str:
        return "here"

    client = app.test_client()
    answer = await client.get("/place", headers={"Host": "Ant.Local:81"})
    assert 308 == answer.status_code
    assert "http://ant.local:81/place/" == answer.headers["Location"]
    answer = await client.get("/place/")
    assert (200, "here") == (answer.status_code, await answer.get_data(as_text=True))
    assert "Set-Cookie" not in answer.headers


async def test_an_impossible_host_is_refused_as_any_other(rig: Rig) -> None:
    """It needs not be a name of the DNS to be looked at."""
    for host in ("é" * 70, "a..b"):
        answer = await ask(rig.app, "GET", "/api/health", Host=host)
        assert 403 == answer.status, host
