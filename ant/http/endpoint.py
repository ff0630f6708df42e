"""`@endpoint`: a handler's signature is all that is known of a route."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, cast, get_type_hints

import attrs
from quart import Response, request

from ant import wire
from ant.system import System

Handler = Callable[..., Awaitable[Any]]


@attrs.frozen
class Content:
    """A request body as it came, for the route that takes more than JSON."""

    data: bytes
    mimetype: str


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

    @property
    def name(self) -> str:
        return self.handler.__name__

    def view(self, system: System) -> Callable[..., Awaitable[Response]]:
        """The Quart view: read what the signature asks for, call, render the answer."""
        reads_body, reads_query = "body" in self.hints, "query" in self.hints
        reads_content = "content" in self.hints

        async def view(**params: Any) -> Response:
            if reads_query:
                pairs = request.args.to_dict()
                pairs.pop("apiKey", None)
                params["query"] = wire.read_query(pairs, self.hints["query"])
            if reads_body or reads_content:
                data = cast(bytes, await request.get_data(as_text=False))
                if reads_body:
                    params["body"] = wire.read_body(data, self.hints["body"])
                else:
                    params["content"] = Content(data, request.mimetype)
            answer = await self.handler(system, **params)
            if answer is None:
                return Response(b"", status=self.status, content_type="text/plain")
            return Response(
                wire.dumps(answer), self.status, content_type="application/json"
            )

        view.__name__ = self.name
        return view


ROUTES: list[Route] = []
"""Every REST route there is; `http.routes` fills it when it is imported."""


def endpoint(
    method: str, path: str, *, status: int = 200, inactive: bool = False
) -> Callable[[Handler], Handler]:
    """Register a handler: `(system, <path parameters>, body|query|content) -> answer`.

    The annotations say how to read `body` (strict JSON) and `query` (text); what is
    returned is rendered by `wire`, None as nothing. The docstring is the reference.
    `inactive`: it works on an archived or deleted session too.
    """

    def register(handler: Handler) -> Handler:
        if not inspect.getdoc(handler):
            raise TypeError(f"{handler.__name__} has no docstring")
        hints = get_type_hints(handler, include_extras=True)
        ROUTES.append(Route(method, path, status, handler, hints, inactive))
        return handler

    return register
