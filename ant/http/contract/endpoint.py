"""`@endpoint`: a handler's signature is all that is known of a route."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast, get_args, get_type_hints

import attrs
from quart import Response, g, request

from ant.api import codec
from ant.core.errors import AntError, Invalid
from ant.http.access import permissions
from ant.identity.tokens import Caller
from ant.runtime.system import System

Handler = Callable[..., Awaitable[Any]]


OCTETS: Final = "application/octet-stream"
"""The content type of a body that is taken as it came."""


@attrs.frozen
class Done:
    """The answer of a route that has nothing else to say."""

    ok: bool = True


@attrs.frozen
class Route:
    """One row of the route table."""

    method: str
    path: str
    status: int
    handler: Handler
    hints: dict[str, Any]
    inactive: bool
    raises: tuple[type[AntError], ...]
    also: dict[int, type] = attrs.field(factory=dict)
    token: permissions.Stance | None = None
    speaker: str | None = None
    large: bool = False
    keeps: int | None = None

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def body(self) -> Any:
        """The class of the JSON body, None where there is no body."""
        hint = self.hints.get("body")
        kinds = [kind for kind in get_args(hint) if kind is not bytes]
        return kinds[0] if self.takes_bytes else hint

    @property
    def takes_bytes(self) -> bool:
        """Whether the body may also be an `application/octet-stream`."""
        return bytes in get_args(self.hints.get("body"))

    def view(self, system: System) -> Callable[..., Awaitable[Response]]:
        """The Quart view: read what the signature asks for, call, render the answer."""
        query, body, takes_bytes = self.hints.get("query"), self.body, self.takes_bytes
        wants_caller = "caller" in self.hints

        async def view(**params: Any) -> Response:
            caller: Caller | None = g.caller
            if caller is not None:
                session_id = params.get("session_id")
                await permissions.check_call(system, self.token, caller, session_id)
            if wants_caller:
                params["caller"] = caller
            if query is not None:
                params["query"] = codec.read_query(_pairs(), query)
            if body is not None:
                if caller is not None:
                    permissions.check_size(
                        system, self.keeps, request.content_length or 0
                    )
                data = cast(bytes, await request.get_data(as_text=False))
                if caller is not None:
                    permissions.spend(system, self.keeps, caller, len(data))
                as_it_came = takes_bytes and request.mimetype == OCTETS
                params["body"] = data if as_it_came else codec.read_body(data, body)
                if caller is not None:
                    params["body"] = permissions.bound(
                        caller, self.speaker, params["body"]
                    )
            answer = await self.handler(system, **params)
            if isinstance(answer, Response):
                return answer
            if answer is None:
                return Response(b"", status=self.status, content_type="text/plain")
            others = (s for s, kind in self.also.items() if isinstance(answer, kind))
            status = next(others, self.status)
            if self.large or (self.method == "GET" and _has_rows(answer)):
                made = await system.journal.render(answer)
            else:
                made = codec.dumps(answer)
            return Response(made, status, content_type="application/json")

        view.__name__ = self.name
        return view


def _has_rows(answer: Any) -> bool:
    """Whether it may be long: it has a field of many values."""
    fields = attrs.fields(type(answer)) if attrs.has(type(answer)) else ()
    return any(isinstance(getattr(answer, f.name), tuple | dict) for f in fields)


def _pairs() -> dict[str, str]:
    """What the query string says but the key. Raises `Invalid` on a name said twice."""
    pairs = {name: values for name, values in request.args.lists() if name != "apiKey"}
    twice = [name for name, values in pairs.items() if len(values) > 1]
    if twice:
        raise Invalid(*(f"given more than once at $.{name}" for name in twice))
    return {name: values[0] for name, values in pairs.items()}


ROUTES: list[Route] = []
"""Every REST route there is; `http.routes` fills it when it is imported."""


def endpoint(
    method: str,
    path: str,
    *,
    status: int = 200,
    inactive: bool = False,
    raises: tuple[type[AntError], ...] = (),
    also: dict[int, type] | None = None,
    token: permissions.Stance | None = None,
    speaker: str | None = None,
    large: bool = False,
    keeps: int | None = None,
) -> Callable[[Handler], Handler]:
    """Register a handler: `(system, <path parameters>, body, query) -> answer`.

    The annotations say how to read `body` (strict JSON; `| bytes` takes octets, too)
    and `query` (text); what is returned is rendered by `wire`, None as nothing. The
    docstring is the reference. `inactive`: it works on an archived or deleted session
    too. `raises`: what it may refuse with beside what the signature tells already.
    `also`: other classes that it may answer with, by the status that they have. A
    handler may answer with a `Response` of its own, which is passed on as it is.
    `token`: where it opens to the token of a terminal (`permits.Stance`); nowhere
    unless that is said. `speaker`: the field of the body that says who speaks, which a
    token binds. A parameter `caller` is that terminal, None for the operator. `large`:
    what it answers is made into JSON in a thread, as the pages of every GET are.
    `keeps`: the most bytes that are stored of a body, which may be larger than a
    token's others.
    """

    def register(handler: Handler) -> Handler:
        if not inspect.getdoc(handler):
            raise TypeError(f"{handler.__name__} has no docstring")
        hints = get_type_hints(handler, include_extras=True)
        others = {Response, *(also or {}).values()}
        kinds = [kind for kind in get_args(hints["return"]) if kind not in others]
        if len(kinds) < len(get_args(hints["return"])):
            (hints["return"],) = kinds
        route = Route(method, path, status, handler, hints, inactive, raises)
        more: dict[str, Any] = {"token": token, "speaker": speaker, "keeps": keeps}
        ROUTES.append(attrs.evolve(route, also=also or {}, large=large, **more))
        return handler

    return register
