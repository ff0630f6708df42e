"""Recognizes input that is nothing but a terminal's replies to a program's queries.

Sans-io. It looks at one input as it came, because terminals send a reply in one piece.
What may also be a key counts as a key. So do a focus event, a mouse event, and F3 with
a modifier, which looks like a cursor report for the top left.
"""

import re

_REPLY = re.compile(
    rb"""
    \x1b\[ (?:
        [?>=] [\d;:]* c                     # DA1, DA2
      | \?? [\d;]+ n                        # DSR, the colour scheme
      | \? \d+ ; \d+ (?: ; \d+ )? R         # DECXCPR
      | (?! 1 ; (?: [2-9] | 1[0-6] ) R ) \d+ ; \d+ R   # CPR, but for F3
      | \?? \d+ ; \d+ \$y                   # DECRPM
      | \? \d+ u                            # flags of the kitty keyboard
      | \d+ (?: ; \d+ )* t                  # sizes of window, screen and cell
    )
  | \x1b\] (?: 4;\d+ | 1\d ) ; rgba?: [0-9a-fA-F/]+ (?: \x07 | \x1b\\ )    # colours
  | \x1bP (?: >\| | !\| | [01]\$r | [01]\+r ) [^\x00-\x1f\x7f]* \x1b\\
                                            # XTVERSION, DA3, DECRQSS, XTGETTCAP
    """,
    re.VERBOSE,
)

_FOCUS = re.compile(rb"(?:\x1b\[[IO])+")

LONGEST = 4096
"""A longer input is no reply: replies are short, pastes may not be."""


def is_reply(data: bytes) -> bool:
    """Whether `data` is one reply or several, and nothing else."""
    if not data.startswith(b"\x1b") or len(data) > LONGEST:
        return False
    at = 0
    while match := _REPLY.match(data, at):
        at = match.end()
    return at == len(data)


def is_typing(data: bytes) -> bool:
    """Whether a person may have sent this, and not only a terminal by itself.

    A terminal sends replies, and reports that its window got or lost the focus.
    """
    return bool(data) and not (is_reply(data) or _FOCUS.fullmatch(data))
