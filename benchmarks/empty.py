"""A Quart-Trio app with one empty JSON route, served as ANT is, to compare with."""

from functools import partial

import trio
from quart import Response
from quart_trio import QuartTrio

from ant.http.server.listener import address, open_listeners, serve

app = QuartTrio(__name__, static_folder=None)


@app.get("/")
async def empty() -> Response:
    return Response(b"{}", content_type="application/json")


async def main() -> None:
    listeners = await open_listeners("127.0.0.1", 0)
    host, port = address(listeners)
    stopped = trio.Event()
    async with trio.open_nursery() as nursery:
        run = partial(serve, app, listeners, stopped=stopped, grace_s=1.0)
        await nursery.start(run)
        print(f"http://{host}:{port}", flush=True)


if __name__ == "__main__":
    trio.run(main)
