"""Makes many calls and says what came: `matrix_caller.py URL ASKS OUT SHOWN UID`.

ASKS is a JSON file with the `routes` (method, path, body) and the `frames` to send. The
answers are the status and the text of each. A program of its own with nothing but the
standard library, so that any user can run it. `-` stands for no token, and no uid.
"""

import encodings.idna  # noqa: F401  Another user may not be able to, later.
import http.client
import json
import os
import socket
import struct
import sys
from urllib.parse import urlsplit

Answer = tuple[int, str]


def called(url: str, routes: list[list[str]], headers: dict[str, str]) -> list[Answer]:
    """Call each route, on one connection while the server keeps it."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    found = []
    for method, path, body in routes:
        more = {"Content-Type": "application/json"} if body else {}
        connection.request(method, path, body or None, headers | more)
        response = connection.getresponse()
        found.append((response.status, response.read().decode()))
    connection.close()
    return found


def sent(url: str, frames: list[str], headers: dict[str, str]) -> list[Answer]:
    """Send each frame on one socket; 101 for an `ack`, else the status of its error."""
    address = urlsplit(url)
    one = socket.create_connection((address.hostname, address.port), timeout=30)
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: {address.netloc}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    one.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    file = one.makefile("rb")
    status = int(file.readline().split()[1])
    length = 0
    while (line := file.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    if status != 101:
        return [(status, file.read(length).decode())] * len(frames)
    found = []
    for number, frame in enumerate(frames):
        # Padded, so that each length has the same form.
        text = json.dumps({**json.loads(frame), "ref": str(number)}).ljust(126)
        data = text.encode()
        one.sendall(struct.pack("!BBHI", 0x81, 0x80 | 126, len(data), 0) + data)
        while (answer := received(file)).get("ref") != str(number):
            pass
        found.append((answer.get("status", 101), answer.get("detail", "")))
    one.close()
    return found


def received(file: object) -> dict[str, object]:
    """The next text frame; an empty one for any other."""
    kind, size = file.read(2)  # type: ignore[attr-defined]
    if size == 126:
        (size,) = struct.unpack("!H", file.read(2))  # type: ignore[attr-defined]
    elif size == 127:
        (size,) = struct.unpack("!Q", file.read(8))  # type: ignore[attr-defined]
    data = file.read(size)  # type: ignore[attr-defined]
    if kind == 0x88:
        raise SystemExit(f"The server has closed the socket: {data!r}")
    return json.loads(data) if kind == 0x81 else {}


def main(url: str, asks: str, out: str, shown: str, uid: str) -> None:
    """Call, and leave the answers in `out`."""
    with open(asks) as file:
        given = json.load(file)
    if uid != "-":
        os.setgroups([])
        os.setuid(int(uid))
    headers = {} if shown == "-" else {"Authorization": f"Bearer {shown}"}
    answers = {
        "routes": called(url, given["routes"], headers),
        "frames": sent(url, given["frames"], headers),
    }
    if out == "-":
        print(json.dumps(answers))
        return
    with open(f"{out}.part", "w") as file:
        json.dump(answers, file)
    os.rename(f"{out}.part", out)


if __name__ == "__main__":
    main(*sys.argv[1:])
