"""Calls a server in one way, and writes the answers: `caller.py HOW URL ID OUT`.

A program of its own with nothing but the standard library, so that any user can run it.
The answers are those of reading the terminal ID, reading of all terminals, typing into
it, and the handshake of `/ws`.
"""

import encodings.idna  # noqa: F401  Another user may not be able to, later.
import http.client
import json
import os
import socket
import sys
from urllib.parse import urlsplit

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def asks(session_id: str) -> list[tuple[str, str, bytes | None, dict[str, str]]]:
    """Method, path, body and headers of each kind of route."""
    own = f"/api/sessions/{session_id}"
    octets = {"Content-Type": "application/octet-stream"}
    return [
        ("GET", own, None, {}),
        ("GET", "/api/status", None, {}),
        ("POST", f"{own}/terminal/input", b" ", octets),
        ("GET", "/ws", None, UPGRADE),
    ]


def connect(url: str) -> http.client.HTTPConnection:
    """A connection that is there already, before anything is asked."""
    if url.startswith("unix:"):
        local = http.client.HTTPConnection("localhost", timeout=30)
        local.sock = socket.socket(socket.AF_UNIX)
        local.sock.connect(url.removeprefix("unix:"))
        return local
    address, source = urlsplit(url), os.environ.get("SOURCE_ADDRESS")
    connection = http.client.HTTPConnection(
        address.hostname or "",
        address.port,
        timeout=30,
        source_address=(source, 0) if source else None,
    )
    connection.connect()
    return connection


def answered(connection: http.client.HTTPConnection, *ask: object) -> int:
    """The status of one answer; the connection lives on."""
    method, path, body, headers = ask
    connection.request(method, path, body, headers)  # type: ignore[arg-type]
    response = connection.getresponse()
    if response.status != 101:
        response.read()
    return response.status


def each_anew(url: str, session_id: str, shown: dict[str, str]) -> list[int]:
    """Each ask on a connection of its own."""
    found = []
    for method, path, body, headers in asks(session_id):
        connection = connect(url)
        found.append(answered(connection, method, path, body, {**headers, **shown}))
        connection.close()
    return found


def main(how: str, url: str, session_id: str, out: str, shown: str = "") -> None:
    """Call, and leave the answers in `out`."""
    if how.startswith("uid="):
        os.setgroups([])
        os.setuid(int(how[4:]))
    headers = {"Authorization": f"Bearer {shown}"} if shown else {}
    answers: object
    match how:
        case "left":
            if os.fork():
                return
            os.setsid()
            if os.fork():
                os._exit(0)
            while os.getppid() == os.getsid(0):  # The one that forked us lives.
                os.sched_yield()
            answers = each_anew(url, session_id, headers)
        case "inherited":
            answers = inherited(url, session_id)
        case "passed on":
            answers = passed_on(url, session_id, f"{out}.sock")
        case _:
            answers = each_anew(url, session_id, headers)
    write(out, answers)


def inherited(url: str, session_id: str) -> list[int]:
    """Each ask by a child of the one that connected, which has closed its end."""
    found = []
    for ask in asks(session_id):
        connection = connect(url)
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, str(answered(connection, *ask)).encode())
            os._exit(0)
        connection.close()
        found.append(int(os.read(reader, 8)))
        os.wait()
    return found


def passed_on(url: str, session_id: str, place: str) -> list[int]:
    """Each ask on a connection that somebody made, used and passes to us at `place`."""
    found = []
    for ask in asks(session_id):
        giver = socket.socket(socket.AF_UNIX)
        giver.connect(place)
        _, descriptors, _, _ = socket.recv_fds(giver, 1, 1)
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        connection.sock = socket.socket(fileno=descriptors[0])
        giver.recv(1)  # Whoever made it has closed it when the end comes.
        found.append(answered(connection, *ask))
    return found


def write(out: str, answers: object) -> None:
    """As a whole or not at all; `-` is standard output."""
    if out == "-":
        print(json.dumps(answers))
        return
    with open(f"{out}.part", "w") as file:
        json.dump(answers, file)
    os.rename(f"{out}.part", out)


if __name__ == "__main__":
    main(*sys.argv[1:])
