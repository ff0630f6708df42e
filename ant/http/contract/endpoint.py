"""`@endpoint` registers a handler; its signature defines the route."""

import inspect
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

import attrs
from quart import Request, Response
from quart.globals import request_ctx

from ant.api import codec
from ant.api.compat import IGNORED_PARAMETERS
from ant.core.errors import AntError, Invalid, Unsupported
from ant.http.access import permissions, scopes, session_names
from ant.identity.terminal_tokens import Caller
from ant.journal.writer import SMALL
from ant.model.access_tokens import AccessToken
from ant.runtime.system import System

Handler = Callable[..., Awaitable[Any]]


CALLER: Final = "ant.caller"
"""The key of a request's scope whose value is its caller: a `Caller`, or None."""

ACCESS_TOKEN: Final = "ant.access_token"
"""The key of a request's scope whose value is its `AccessToken`, or None."""

SOURCE: Final = "ant.source"
"""The key of a request's scope whose value is its `access.forwarded.CallSource`."""

JSON: Final = "application/json"

OCTETS: Final = "application/octet-stream"
"""The content type of a body that a handler receives as bytes, not as JSON."""


QUERIES = 64
"""Query strings of a route that are kept together with what they say."""

QUERY_BYTES = 128
"""The most bytes of a query string that is kept."""

_UNREAD: Final = IGNORED_PARAMETERS | {"apiKey"}
"""Query parameters that no route reads; `access.auth` reads the key."""


@attrs.frozen
class JsonAnswer:
    """A response that has a status and JSON, and no header of its own."""

    content: bytes
    status: int


@attrs.frozen
class NoQuery:
    """The query of a route that takes no parameters."""


@attrs.frozen
class Done:
    """The answer of a route that returns no data: the request succeeded."""

    ok: bool = True


@attrs.frozen
class Route:
    """One route; `endpoint` explains the fields."""

    method: str
    path: str
    status: int
    handler: Handler
    hints: dict[str, Any]
    inactive: bool
    raises: Mapping[type[AntError], str]
    also: dict[int, type] = attrs.field(factory=dict)
    token: permissions.Stance | None = None
    scope: scopes.RouteScope | None = None
    speaker: str | None = None
    large: bool = False
    keeps: int | None = None
    is_open: bool = False

    @property
    def name(self) -> str:
        """The name of the handler, which is the `operationId`."""
        return self.handler.__name__

    @property
    def docs(self) -> tuple[str, str]:
        """The summary and the description: the docstring's first line, and the rest."""
        first, _, rest = (inspect.getdoc(self.handler) or "").partition("\n\n")
        return " ".join(first.split()), rest

    @property
    def body(self) -> Any:
        """The class of the JSON body; None if the route has no body."""
        hint = self.hints.get("body")
        kinds = [kind for kind in get_args(hint) if kind is not bytes]
        return kinds[0] if self.takes_bytes else hint

    @property
    def takes_bytes(self) -> bool:
        """Whether the body may also be an `application/octet-stream`."""
        return bytes in get_args(self.hints.get("body"))

    @property
    def takes_names(self) -> bool:
        """Whether the body or the query may name a session."""
        kinds = self.body, self.hints.get("query")
        return any(map(session_names.takes_names, kinds))

    def view(self, system: System) -> Callable[..., Awaitable[Response | JsonAnswer]]:
        """The view: read the arguments, call the handler, render the answer."""
        query, body, takes_bytes = self.hints.get("query"), self.body, self.takes_bytes
        wants_caller = "caller" in self.hints
        wants_token = "access_token" in self.hints
        # A handler without a session in its path that takes a caller filters by it.
        is_whole = "<session_id>" not in self.path
        is_listed = wants_caller and is_whole and self.method == "GET"
        lists = _lists(query)
        known: dict[bytes, Any] = {}
        # A repeated delete must not remove another session that once had the handle.
        active = self.inactive and self.method == "DELETE"

        async def view(**params: Any) -> Response | JsonAnswer:
            call = request_ctx.request  # Each use of `request` looks it up.
            scope = cast(dict[str, Any], call.scope)
            caller: Caller | None = scope[CALLER]
            access_token: AccessToken | None = scope[ACCESS_TOKEN]
            # An access token has no quota, and speaks as its body says.
            terminal = caller if access_token is None else None
            if (name := params.get("session_id")) is not None:
                params["session_id"] = await session_names.id_of(
                    system, name, caller, active
                )
            session_id = params.get("session_id")
            if access_token is not None:
                await scopes.check_call(
                    system, self.scope, access_token, caller, session_id, is_listed
                )
            elif caller is not None and not self.is_open:
                await permissions.check_call(system, self.token, caller, session_id)
            if wants_caller:
                params["caller"] = caller
            if wants_token:
                params["access_token"] = access_token
            asked = known.get(call.query_string)
            if asked is None:
                asked = codec.read_query(_pairs(call, lists), query or NoQuery)
                _keep(known, call.query_string, asked)
            if query is not None:
                params["query"] = await session_names.with_ids(system, asked, caller)
            if body is not None:
                if terminal is not None:
                    permissions.check_size(system, self.keeps, call.content_length or 0)
                data = cast(bytes, await call.get_data(as_text=False))
                if terminal is not None:
                    permissions.spend(system, self.keeps, terminal, len(data))
                is_raw = takes_bytes and call.mimetype == OCTETS
                if data and not is_raw:
                    check_type(call.mimetype, takes_bytes)
                sent = data if is_raw else codec.read_body(data, body)
                if terminal is not None:
                    sent = permissions.bound(terminal, self.speaker, sent)
                sent = await session_names.with_ids(system, sent, caller)
                if access_token is not None:
                    await scopes.check_body(
                        system, access_token, self.speaker, session_id, sent
                    )
                params["body"] = sent
            answer = await self.handler(system, **params)
            if isinstance(answer, bytes):
                return JsonAnswer(answer, self.status)
            if isinstance(answer, Response):
                return answer
            if answer is None:
                return Response(b"", status=self.status, content_type="text/plain")
            others = (s for s, kind in self.also.items() if isinstance(answer, kind))
            status = next(others, self.status)
            if self.large or (self.method == "GET" and _is_large(answer)):
                content = await system.journal.render(answer)
            else:
                content = codec.dumps(answer)
            return JsonAnswer(content, status)

        view.__name__ = self.name
        return view


def check_type(mimetype: str, takes_bytes: bool) -> None:
    """Check that a body is JSON by its content type. Raises `Unsupported`.

    A page of another site may send text and forms without asking first, but not JSON.
    """
    is_suffixed = mimetype.startswith("application/") and mimetype.endswith("+json")
    if mimetype == JSON or is_suffixed:
        return
    octets = f"; for bytes as they are, -H 'content-type: {OCTETS}'"
    raise Unsupported(
        f"The body has {f'the content type {mimetype}' if mimetype else 'no type'}, "
        f"but this route reads {JSON}. With curl, add -H 'content-type: {JSON}'"
        f"{octets if takes_bytes else ''}."
    )


def _is_large(answer: Any) -> bool:
    """Whether an answer may be large: it has many bytes of rows, or nobody knows."""
    fields = attrs.fields(type(answer)) if attrs.has(type(answer)) else ()
    values = (getattr(answer, field.name) for field in fields)
    rows = [each for each in values if isinstance(each, tuple | dict) and each]
    sizes = [getattr(each, "size", None) for each in rows]
    return sum(SMALL + 1 if size is None else size for size in sizes) > SMALL


def _lists(query: Any) -> frozenset[str]:
    """The names of the parameters that may be repeated: those of a list."""
    if query is None:
        return frozenset()
    kinds = get_type_hints(query)  # Without the limits of `Annotated`.
    return frozenset(name for name, kind in kinds.items() if get_origin(kind) is tuple)


def _pairs(call: Request, lists: Collection[str]) -> dict[str, str | list[str]]:
    """The query parameters that count; those in `lists` as lists.

    Raises `Invalid` for another name that is repeated.
    """
    if not call.query_string:
        return {}
    given = call.args.lists()
    pairs = {name: values for name, values in given if name not in _UNREAD}
    single = pairs.keys() - lists
    repeated = [name for name in pairs if name in single and len(pairs[name]) > 1]
    if repeated:
        raise Invalid(*(f"given more than once at $.{name}" for name in repeated))
    return {
        name: values[0] if name in single else values for name, values in pairs.items()
    }


def _keep(known: dict[bytes, Any], text: bytes, asked: Any) -> None:
    """Keep what a short query string says; clients repeat the same few of a route."""
    # A `%` may hide the name `apiKey`, and a key is kept nowhere.
    if len(text) > QUERY_BYTES or b"%" in text or b"apiKey" in text:
        return
    if len(known) >= QUERIES:
        known.clear()
    known[text] = asked


def check_no_parameters(names: Iterable[str]) -> None:
    """Check the query of a socket, which reads none. Raises `Invalid`."""
    codec.read_query({name: "" for name in names if name not in _UNREAD}, NoQuery)


ROUTES: list[Route] = []
"""Every REST route; importing `http.routes` fills it."""


def endpoint(
    method: str,
    path: str,
    *,
    status: int = 200,
    inactive: bool = False,
    raises: Mapping[type[AntError], str] = MappingProxyType({}),
    also: dict[int, type] | None = None,
    token: permissions.Stance | None = None,
    scope: scopes.RouteScope | None = None,
    speaker: str | None = None,
    is_open: bool = False,
    large: bool = False,
    keeps: int | None = None,
) -> Callable[[Handler], Handler]:
    """Register a handler: `(system, <path parameters>, body, query) -> answer`.

    The annotation of `body` is the class to read strict JSON into; with `| bytes` the
    route also accepts octets. The annotation of `query` is the class to read the query
    string into; a route without one takes no query parameter. A parameter `caller`
    receives the calling terminal, or the session that an access token is limited to, or
    None for who sees everything. A parameter `access_token` receives that token, or
    None. `api.codec` renders the
    answer; None is an empty body. A handler may return a `Response`, which is sent
    unchanged. The docstring is the API reference: its first line is the summary, the
    rest the description.

    `status`    status of the usual answer
    `inactive`  the route also works on an archived or deleted session
    `raises`    errors beyond those that follow from the signature, and when they come
    `also`      other answer classes, by their status
    `token`     where a terminal's token may call it (`permissions.Stance`); the
                default is nowhere
    `scope`     what an access token needs here (`scopes.RouteScope`); the default is
                that the route is closed to them
    `is_open`   the route needs no credentials
    `speaker`   the field of the body that names who speaks; a token binds it
    `large`     render the answer in a thread, as large pages of every GET are
    `keeps`     bytes of the body that are stored at most; a token's body may then be
                larger than usual, and only these bytes count against its quota
    """

    def register(handler: Handler) -> Handler:
        if not inspect.getdoc(handler):
            raise TypeError(f"{handler.__name__} has no docstring")
        hints = get_type_hints(handler, include_extras=True)
        others = {Response, bytes, *(also or {}).values()}
        kinds = [kind for kind in get_args(hints["return"]) if kind not in others]
        if len(kinds) < len(get_args(hints["return"])):
            (hints["return"],) = kinds
        route = Route(method, path, status, handler, hints, inactive, raises)
        more: dict[str, Any] = {"token": token, "speaker": speaker, "keeps": keeps}
        more |= {"scope": scope, "is_open": is_open}
        ROUTES.append(attrs.evolve(route, also=also or {}, large=large, **more))
        return handler

    return register
