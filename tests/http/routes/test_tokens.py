"""Sign-in: one-use codes, the cookie of a browser, and its end."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.core import clock
from ant.core.counters import Limit, counted
from ant.http.access import auth
from ant.http.access.refusal_delay import FREE
from ant.identity import access_tokens
from ant.identity.sign_in_codes import CODE_S
from tests.http.access.test_scopes import KEY, SAME_ORIGIN, Scene, files_of, scene
from tests.http.asking import Answer, ask
from tests.systems import running

__all__ = ["scene"]

HOST = {"Host": "localhost", **SAME_ORIGIN}


async def exchange(scene: Scene, code: str, **headers: str) -> Answer:
    """What a page of this server gets for a code."""
    return await ask(
        scene.rig.app, "POST", "/api/sign-in", {"code": code}, **(HOST | headers)
    )


async def code_of(scene: Scene, **body: Any) -> str:
    made = await scene.operator.call("POST", "/api/sign-in/codes", body)
    assert 201 == made.status
    assert f"/sign-in#{made.body['code']}" == made.body["path"]
    assert CODE_S == made.body["expires_in"]
    return str(made.body["code"])


def cookie_in(answer: Answer) -> str:
    """The `Cookie` header of a browser after an answer."""
    return str(answer.headers["Set-Cookie"]).partition(";")[0]


async def test_a_browser_signs_in_and_out(scene: Scene) -> None:
    """The cookie is for this server's pages only; it is listed, and ends."""
    code = await code_of(scene, label="Phone", scopes=["view", "admin"])
    signed = await exchange(scene, code)
    assert (200, "device", "Phone") == (
        signed.status,
        signed.body["kind"],
        signed.body["label"],
    )
    said = signed.headers["Set-Cookie"]
    for each in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=7776000"):
        assert each in said
    assert "Secure" not in said
    browser = HOST | {"Cookie": cookie_in(signed)}
    listed = await ask(scene.rig.app, "GET", "/api/tokens", **browser)
    assert [signed.body["id"]] == [each["id"] for each in listed.body["tokens"]]
    out = await ask(scene.rig.app, "POST", "/api/sign-out", **browser)
    assert (200, True) == (out.status, "Max-Age=0" in out.headers["Set-Cookie"])
    after = await ask(scene.rig.app, "GET", "/api/tokens", **browser)
    assert (401, True) == (after.status, "Max-Age=0" in after.headers["Set-Cookie"])


async def test_under_tls_the_cookie_is_secure(tmp_path: Path) -> None:
    """The page's own origin says so."""
    async with running(tmp_path, api_key=KEY, public_url="https://ant.example") as rig:
        code = rig.system.sign_in_codes.make()
        headers = {"Host": "ant.example", "Origin": "https://ant.example"}
        got = await ask(rig.app, "POST", "/api/sign-in", {"code": code}, **headers)
        assert "Secure" in got.headers["Set-Cookie"]


async def test_a_code_gives_one_sign_in(scene: Scene) -> None:
    """Of a hundred at once, one; afterwards none."""
    code = await code_of(scene)
    answers: list[Answer] = []

    async def one() -> None:
        answers.append(await exchange(scene, code))

    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(one)
    assert {200: 1, 401: 99} == {
        status: sum(each.status == status for each in answers) for status in (200, 401)
    }
    cookies = [each for each in answers if "Set-Cookie" in each.headers]
    assert 1 == len(cookies)
    assert 1 == len((await scene.operator.get("/api/tokens"))["tokens"])


async def test_a_code_that_is_late(scene: Scene) -> None:
    """It says how to get another one."""
    code = await code_of(scene)
    codes = scene.rig.system.sign_in_codes
    now = codes._now
    codes._now = lambda: now() + CODE_S
    got = await exchange(scene, code)
    assert (401, True) == (got.status, "ant open" in got.detail)
    assert "Set-Cookie" not in got.headers


@pytest.mark.slow
@pytest.mark.meets(Limit.REFUSALS)
async def test_who_guesses_codes_is_slowed_down(scene: Scene) -> None:
    """As one that guesses keys; a right code then comes through at once."""
    before, tries = counted(Limit.REFUSALS), 0
    while counted(Limit.REFUSALS) == before:
        tries += 1
        started = trio.current_time()
        assert 401 == (await exchange(scene, "wrong")).status
    assert trio.current_time() - started >= 1
    assert tries > FREE
    code = await code_of(scene)
    assert 200 == (await exchange(scene, code)).status
    assert counted(Limit.REFUSALS) == before + 1, "the right code waited, too"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
)
async def test_a_foreign_page_signs_nobody_in(
    scene: Scene, headers: dict[str, str]
) -> None:
    """And spends no code."""
    code = await code_of(scene)
    assert 403 == (await exchange(scene, code, **headers)).status
    assert 200 == (await exchange(scene, code)).status


async def test_a_sign_in_is_of_one_server(scene: Scene) -> None:
    """A cookie of another server on this host is not ours; a shown key goes first."""
    other = {"Cookie": f"{auth.cookie_name('another')}=ant_x"}
    got = await ask(scene.rig.app, "GET", "/api/health", **HOST, **other)
    assert (401, True) == (got.status, "API key" in got.detail)
    signed = await exchange(scene, await code_of(scene, scopes=["post"]))
    browser = HOST | {"Cookie": cookie_in(signed)}
    assert 403 == (await ask(scene.rig.app, "GET", "/api/health", **browser)).status
    by_key = browser | {"Authorization": f"Bearer {KEY}"}
    assert 200 == (await ask(scene.rig.app, "GET", "/api/health", **by_key)).status


async def test_no_code_and_no_cookie_is_kept(
    scene: Scene, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In no log line, no event, and no file; so in no export."""
    caplog.set_level(logging.DEBUG)
    code = await code_of(scene)
    signed = await exchange(scene, code)
    cookie = cookie_in(signed).partition("=")[2]
    assert cookie.startswith("ant_")
    await exchange(scene, code)
    await ask(scene.rig.app, "GET", "/api/health", **HOST, Cookie=cookie_in(signed))
    exported = await scene.operator.call(
        "POST", f"/api/sessions/{scene.own['id']}/export", {"targets": ["json"]}
    )
    events = repr(scene.rig.bus.published)
    kept = [*files_of(tmp_path), caplog.text.encode(), events.encode()]
    for secret in (code, cookie):
        assert not [each for each in kept if secret.encode() in each]
        assert secret not in repr(exported.body)


@pytest.mark.parametrize(("asked", "lasts"), [(60, 60), (10**6, 3600), (None, 3600)])
async def test_a_sign_in_may_be_shorter(
    scene: Scene, asked: int | None, lasts: int
) -> None:
    """Than the code allows, and never longer."""
    code = await code_of(scene, expires_in=3600)
    body = {"code": code, "expires_in": asked}
    signed = await ask(scene.rig.app, "POST", "/api/sign-in", body, **HOST)
    assert f"Max-Age={lasts};" in signed.headers["Set-Cookie"]
    row = signed.body
    ends, begins = map(clock.parse_stamp, (row["expires_at"], row["created_at"]))
    assert lasts == (ends - begins).total_seconds()


async def test_a_code_has_scopes(scene: Scene) -> None:
    """A code without any is refused before it is shown to anybody."""
    body = {"scopes": list[str]()}
    got = await scene.operator.call("POST", "/api/sign-in/codes", body)
    assert (400, True) == (got.status, "at $.scopes" in got.detail)


async def test_nothing_to_sign_out(scene: Scene) -> None:
    """The operator's key is no sign-in."""
    got = await scene.operator.call("POST", "/api/sign-out")
    assert (409, True) == (got.status, "no sign-in" in got.detail)


@pytest.mark.meets(Limit.ACCESS_TOKENS)
async def test_tokens_are_bounded(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one is refused, with what to do."""

    body = {"label": "x", "scopes": ["view"]}
    made = await scene.operator.call("POST", "/api/tokens", body)
    assert 201 == made.status
    monkeypatch.setattr(access_tokens, "TOKENS_MAX", 1)
    got = await scene.operator.call("POST", "/api/tokens", body)
    assert (429, True) == (got.status, "revoke one" in got.detail)


async def test_the_page_runs_its_own_script_only(scene: Scene) -> None:
    """For anybody, without a key; the policy names the script by its hash."""
    client = scene.rig.app.test_client()
    response = await client.get("/sign-in")
    text = (await response.get_data()).decode()
    assert 200 == response.status_code
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert "api/sign-in" in script
    by_link = await client.get(
        "/sign-in",
        headers={
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        },
    )
    assert 200 == by_link.status_code


async def test_a_caller_learns_who_it_is(scene: Scene) -> None:
    """The operator, a terminal, a token, a browser; no secret is told."""
    got = await scene.operator.get("/api/caller")
    scopes = ["view", "type", "answer", "post", "admin"]
    nobody = {"session_id": None, "label": None, "expires_at": None}
    assert {"kind": "operator", "scopes": scopes, **nobody} == got
    own = {"Host": "localhost", "Authorization": f"Bearer {scene.token_terminal}"}
    got = await ask(scene.rig.app, "GET", "/api/caller", **own)
    ada = got.body["session_id"]
    assert ("terminal", scene.terminal.session.id) == (got.body["kind"], ada)
    body = {"label": "CI", "scopes": ["post"], "session_id": ada}
    made = await scene.operator.call("POST", "/api/tokens", body)
    bearer = {"Host": "localhost", "Authorization": f"Bearer {made.body['token']}"}
    got = await ask(scene.rig.app, "GET", "/api/caller", **bearer)
    assert ("token", ada, "CI", ["post"]) == (
        *(got.body["kind"], got.body["session_id"]),
        *(got.body["label"], got.body["scopes"]),
    )
    assert made.body["token"] not in str(got.body)
    signed = await exchange(scene, await code_of(scene, scopes=["view"]))
    browser = HOST | {"Cookie": cookie_in(signed)}
    got = await ask(scene.rig.app, "GET", "/api/caller", **browser)
    assert ("device", ["view"]) == (got.body["kind"], got.body["scopes"])
