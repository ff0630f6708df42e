"""One-use codes: once, for a minute, and not too many."""

import pytest

from ant.core.counters import Limit
from ant.core.errors import Unauthorized
from ant.identity.sign_in_codes import CODE_S, CODES_MAX, SignInCodes
from ant.model.access_tokens import Scope


def test_a_code_is_taken_once() -> None:
    """With what it was made for."""
    codes = SignInCodes(lambda: 0.0)
    waiting = codes.take(codes.make("Phone", (Scope.VIEW,), 10))
    assert ("Phone", (Scope.VIEW,), 10) == (
        waiting.label,
        waiting.scopes,
        waiting.expires_in,
    )
    code = codes.make()
    assert tuple(Scope) == codes.take(code).scopes
    for wrong in (code, "", "\udcff"):
        with pytest.raises(Unauthorized, match="ant open"):
            codes.take(wrong)


def test_a_code_expires() -> None:
    """And one that was shown too late is spent."""
    now = 0.0
    codes = SignInCodes(lambda: now)
    early, late = codes.make(), codes.make()
    now = CODE_S - 0.1
    assert codes.take(early)
    now = float(CODE_S)
    with pytest.raises(Unauthorized):
        codes.take(late)
    now = 0.0
    with pytest.raises(Unauthorized):
        codes.take(late)


@pytest.mark.meets(Limit.SIGN_IN_CODES)
def test_the_oldest_code_is_dropped() -> None:
    """Those that have expired do not count."""
    now = 0.0
    codes = SignInCodes(lambda: now)
    for _ in range(CODES_MAX):
        codes.make()
    now = float(CODE_S)
    made = [codes.make() for _ in range(CODES_MAX + 1)]
    with pytest.raises(Unauthorized):
        codes.take(made[0])
    assert all(codes.take(code) for code in made[1:])
