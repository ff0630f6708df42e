"""Hop counts: how many posts of programs in a chain follow a person's message."""

from typing import Any

from peewee import fn

from ant.model.sessions import Chain
from ant.store.tables.rooms import HopRow
from ant.store.tables.statement import Statement

_NEWEST = Statement(lambda: HopRow.select(fn.MAX(HopRow.person)))
_FURTHEST = Statement(
    lambda place, author: (
        HopRow.select(HopRow.person, HopRow.hops)
        .where((HopRow.place == place) & (HopRow.author != author))
        .order_by(HopRow.person.desc(), HopRow.hops.desc())
        .limit(1)
    )
)
_NOTE = Statement(
    lambda place, author, person, hops: HopRow.insert(
        place=place, author=author, person=person, hops=hops
    ).on_conflict(
        conflict_target=[HopRow.place, HopRow.author],
        update={HopRow.person: person, HopRow.hops: hops},
        where=(HopRow.person < person)
        | ((HopRow.person == person) & (HopRow.hops < hops)),
    )
)


def _chain(row: Any) -> Chain:
    return Chain(row.person, row.hops) if row else Chain()


class HopStore:
    """The furthest chain of each place and author in one transaction.

    Owns the table `hop_counts`, with one row for each pair of a place and an author.
    The chain of a person's later message is further; of one message, the longer chain.
    """

    def newest(self) -> int:
        """The number of the last message of a person; 0 before the first."""
        return int(_NEWEST.value() or 0)

    def furthest(self, place: str, but: str) -> Chain:
        """The furthest chain in a place by others than `but`; else an empty one."""
        return _chain(_FURTHEST.one(place=place, author=but))

    def note(self, place: str, author: str, chain: Chain) -> None:
        """Store a chain if it is further than the author's last one in that place."""
        _NOTE.run(place=place, author=author, person=chain.person, hops=chain.hops)
