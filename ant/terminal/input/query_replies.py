"""Which input is nothing but a terminal's own answers to what a program asked of it.

Sans-io, of one input as it came: terminals send an answer in one piece. Whatever may
also be a key is a key: so are a focus event, a mouse event and F3 with a modifier,
which looks like a cursor at the top left.
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

LONGEST = 4096
"""Bytes of an input that is looked at: answers are short, and what is pasted is not."""


def is_reply(data: bytes) -> bool:
    """Whether `data` is one answer or several, and nothing else."""
    if not data.startswith(b"\x1b") or len(data) > LONGEST:
        return False
    at = 0
    while match := _REPLY.match(data, at):
        at = match.end()
    return at == len(data)
