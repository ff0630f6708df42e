"""The errors that ANT reports to callers.

Every layer raises them. Only `http.contract.problems` maps them to status codes, and
only `cli` maps them to exit codes.
"""

import re


class AntError(Exception):
    """The base of all errors that ANT reports."""


class Invalid(AntError):
    """The request is malformed. Each issue is a sentence that ends in a JSON path."""

    def __init__(self, *issues: str) -> None:
        self.issues = list(issues)
        super().__init__("; ".join(self.issues))


class Unauthorized(AntError):
    """The request has no key, or a wrong one."""


class Forbidden(AntError):
    """The caller may not do this; for instance, its Host or Origin is not allowed."""


class NotFound(AntError):
    """The thing that the request names does not exist."""

    def __init__(self, noun: str, ident: str, advice: str = "") -> None:
        self.noun, self.ident = noun, ident
        super().__init__(f"There is no {noun} {ident!r}. {advice}".rstrip())


class Gone(AntError):
    """The request would act on a session that is archived or deleted."""


class Conflict(AntError):
    """The request contradicts the present state."""


class NotRunning(Conflict):
    """The session has no running terminal."""


class AlreadyAnswered(Conflict):
    """The prompt is no longer open: it was answered, or it left the screen."""


class PromptChanged(Conflict):
    """The screen no longer shows the prompt that the answer is for."""


class Withheld(Conflict):
    """ANT did not type a text, since the program would have misread it.

    `reason` is one of dialog, draft, busy, unknown, line_too_long and no_screen.
    """

    def __init__(self, detail: str, reason: str = "unknown") -> None:
        self.reason = reason
        super().__init__(detail)


class NotAnOption(AntError):
    """The prompt has no option that the answer names."""


class TooLarge(AntError):
    """A body, a frame or an input is larger than its bound."""


class CapacityReached(AntError):
    """A bound is reached, such as that of running sessions or of a queue."""


class RateLimited(CapacityReached):
    """A program exceeded its rate limit; it may retry after `retry_s` seconds."""

    def __init__(self, detail: str, retry_s: int = 60) -> None:
        self.retry_s = retry_s
        super().__init__(detail)


class Stalled(AntError):
    """A client or a program did not read in time."""


class StorageFailed(AntError):
    """The database or the file system refused an operation."""


class DiskFull(StorageFailed):
    """The disk has no space left for the database."""


class Stopping(AntError):
    """The server is shutting down."""


def slug_of(kind: type[AntError]) -> str:
    """The name of an error on the wire: its class name in kebab case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def _all(kind: type[AntError]) -> dict[str, type[AntError]]:
    found = {slug_of(kind): kind}
    for each in kind.__subclasses__():
        found |= _all(each)
    return found


BY_SLUG = _all(AntError)
"""Each error class by its name on the wire."""
