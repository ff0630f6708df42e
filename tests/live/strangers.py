"""Run by tests: many connections to a port of this machine; who is cut comes again.

`python -m tests.live.strangers PORT COUNT SECONDS`, and on standard input what each
says first. It prints a line once all are there, and at the end how many came in all.
"""

import select
import socket
import sys
import time
from collections import deque

AGAIN_S = 0.05
"""Between the end of one and its return."""


def main(port: int, count: int, seconds: float, say: bytes) -> None:
    """Until the time is over, which is bounded."""
    poll, live = select.epoll(), dict[int, socket.socket]()
    due, came = deque([0.0] * count), 0
    until = time.monotonic() + min(seconds, 60)
    while (now := time.monotonic()) < until:
        while due and due[0] <= now:
            due.popleft()
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
            live[one.fileno()] = one
            poll.register(one, select.EPOLLIN | (select.EPOLLOUT if say else 0))
            came += 1
            if came == count:
                print("there", flush=True)
        for fd, event in poll.poll(0.02):
            gone = False
            try:
                if event & select.EPOLLOUT:
                    live[fd].send(say)
                    poll.modify(fd, select.EPOLLIN)
                if event & ~select.EPOLLOUT:
                    gone = not live[fd].recv(65536)
            except BlockingIOError:
                pass
            except OSError:
                gone = True
            if gone:
                poll.unregister(fd)
                live.pop(fd).close()
                due.append(now + AGAIN_S)
    print(came, flush=True)


if __name__ == "__main__":
    main(
        int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.stdin.buffer.read()
    )
