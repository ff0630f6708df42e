"""The route that waits for a terminal."""

from ant.api.terminal_requests import WaitFor
from ant.core.errors import CapacityReached, Gone, NotRunning
from ant.http.contract.endpoint import endpoint
from ant.identity.terminal_tokens import Caller
from ant.model.access_tokens import AccessToken, Scope
from ant.model.sessions import SessionId
from ant.model.waits import Waited
from ant.runtime import waits
from ant.runtime.system import System


@endpoint(
    "GET",
    "/api/sessions/<session_id>/wait",
    inactive=True,
    token="self",
    scope=Scope.VIEW,
    raises={
        NotRunning: "The session is a chat and has no terminal.",
        Gone: "The session was archived or deleted meanwhile, and no program runs.",
        CapacityReached: "1,024 requests wait already, 16 of this token, or 16 scans.",
    },
)
async def wait_for_fact(
    system: System,
    session_id: SessionId,
    query: WaitFor,
    caller: Caller | None,
    access_token: AccessToken | None,
) -> Waited:
    """Wait until something is true of a terminal, and tell what came first.

    `exit`: the program ended. `block`: a command of the shell ended; this needs shell
    integration. `prompt`: the program asks a question. `output:TEXT`: it printed this
    text, or after `output:re:` a line that matches an expression of RE2, as in the
    `grep` of the history. `ready`: its screen shows that it is at rest. `idle:SECONDS`:
    it printed nothing for that long, which says nothing else of it.

    The end of the program ends every wait, also one that is for something else: the
    answer then says `exit`. After `timeout` seconds the answer is a 200 with
    `timed_out`. A server that stops answers all waits so, with `stopping`. The wait of
    an access token ends with a 401 when that token does.

    `next` in each answer is a place in the output and the events. Pass it as `after`,
    and the next wait misses nothing: what came since is told at once, in its order. A
    wait with `timeout=0` returns the place of now, to pass after an input. `ready` and
    `idle` are told only while they are true; after a place, `ready` needs newer output,
    and the silence begins at the earliest with that output or with the wait.

    A text is compared with what the program printed, line by line, without escape
    sequences, and not with the screen. A cursor that moves to another place ends the
    line. Matches do not overlap. In a line that is incomplete, `$` matches at the end
    of the output so far, and 8 KiB of it can match. `gap` names the first bytes after
    the place that ANT does not have.
    """
    if access_token is not None:
        owner: str | None = access_token.id
    else:
        owner = caller.session_id if caller is not None else None
    return await waits.wait_for(system, session_id, query, owner, access_token)
