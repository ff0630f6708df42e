"""The sentences that can go wrong, in domain words.

Rules raise these. Only `http.problems` knows a status code and only `cli` an exit code.
"""

import re


class AntError(Exception):
    """Base of everything ANT says no with; never raised itself."""


class Invalid(AntError):
    """The ask is malformed. Each issue is a sentence that ends in a JSON path."""

    def __init__(self, *issues: str) -> None:
        self.issues = list(issues)
        super().__init__("; ".join(self.issues))


class Unauthorized(AntError):
    """No key, or a wrong one."""


class Forbidden(AntError):
    """A browser call from a page that is not ours, or a Host we do not answer for."""


class NotFound(AntError):
    """There is no such thing."""

    def __init__(self, noun: str, ident: str) -> None:
        self.noun, self.ident = noun, ident
        super().__init__(f"There is no {noun} {ident!r}.")


class Gone(AntError):
    """The session is archived or deleted, and the ask would act on it."""


class Conflict(AntError):
    """The ask contradicts what is there now."""


class NotRunning(Conflict):
    """The session has no live terminal to do this to."""


class AlreadyAnswered(Conflict):
    """The prompt is no longer open: somebody answered it, or it went away."""


class PromptChanged(Conflict):
    """The screen does not show the prompt that the answer was meant for."""


class Withheld(Conflict):
    """A text was not typed, since it would have been taken for something else.

    `reason` is a word: dialog, draft, busy, unknown, line_too_long, no_screen.
    """

    def __init__(self, detail: str, reason: str = "unknown") -> None:
        self.reason = reason
        super().__init__(detail)


class NotAnOption(AntError):
    """The answer means nothing to the prompt it was given to."""


class TooLarge(AntError):
    """A body, a frame or an input is over its bound."""


class CapacityReached(AntError):
    """The session cap, or a full inbox."""


class RateLimited(CapacityReached):
    """A program wrote too much or too often; `retry_s` seconds later it may again."""

    def __init__(self, detail: str, retry_s: int = 60) -> None:
        self.retry_s = retry_s
        super().__init__(detail)


class Stalled(AntError):
    """The other side did not take what we had for it in the time it was given."""


class StorageFailed(AntError):
    """The database said no."""


class DiskFull(StorageFailed):
    """There is no room left for the database."""


class Stopping(AntError):
    """The server is leaving."""


def slug_of(kind: type[AntError]) -> str:
    """The name of an error on the wire: its class in small letters and dashes."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def _all(kind: type[AntError]) -> dict[str, type[AntError]]:
    found = {slug_of(kind): kind}
    for each in kind.__subclasses__():
        found |= _all(each)
    return found


BY_SLUG = _all(AntError)
"""Every error by its name on the wire."""
