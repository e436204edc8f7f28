"""Answers that may be given again: which, for how long, and which of two is newer. Pure: no I/O, no clock of its own.

What is kept is the model, under the path of its item, the model's class and the headers that were sent. An answer is
fresh for ``max_age`` seconds after it arrived, and for ``stale_if_error`` more it stands in for one that fails.
Requests are numbered as they are sent, and of two answers the one that was asked for later stays, whichever arrived
last; a refusal takes part in that order as an answer of nothing. What a list brought and nobody asked for is given up
first, then what was not asked for the longest, so that a batch takes no room from pages. So nothing is given that is
older than the caller accepts, or than what was known before.

(The other way, to keep the bodies of all GETs below the retries, would check and structure an item again each time it
is given, and a list could not answer for its items.)
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Hashable
from itertools import count
from typing import NamedTuple

import attrs

from .._validation import not_negative, whole_positive

_UUID = re.compile(r"(?<=/)[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![^/])")


@attrs.frozen
class Freshness:
    """How old an answer may be that is given again, instead of a request or instead of an error.

    Only single items are given again, by the ``get`` of a resource. Lists, and ``get_many``, always ask, and what they
    bring answers later gets of their items.
    """

    max_age: float = attrs.field(default=30.0, validator=not_negative)
    """Seconds after its arrival for which an answer is given again, without a request. With 0 the service is always
    asked, and ``stale_if_error`` alone counts."""
    stale_if_error: float = attrs.field(default=600.0, validator=not_negative)
    """Seconds after those for which it is given if a newer one cannot be had: the service fails, the key is closed, or
    the wait would not fit into the deadline."""
    entries: int = attrs.field(default=10_000, validator=whole_positive)
    """Most answers to keep, in memory only. Those of lists that nobody asked for go first, then the least recently
    used."""

    @property
    def useful(self) -> float:
        """Seconds after its arrival for which an answer may be given at all."""
        return self.max_age + self.stale_if_error


class Key(NamedTuple):
    """What makes two answers the same."""

    path: str
    """Path of the item. Ids that are UUIDs are the same in any case (RFC 9562), all others only as they are spelt."""
    model: type
    headers: Hashable
    """What the request says beside the path."""

    @classmethod
    def of(cls, path: str, model: type, headers: Hashable) -> Key:
        """The key of what stands at a path, which is percent-encoded."""
        return cls(canonical(path), model, headers)


def canonical(path: str) -> str:
    """A path as it is compared."""
    return _UUID.sub(lambda found: found[0].lower(), path)


@attrs.define
class Trouble:
    """Failures in a row."""

    error: str
    """Name of the last one."""
    asked: float | None = None
    """Seconds that the service asked to wait."""
    failures: int = 1


@attrs.define
class Kept:
    """An answer that may be given again."""

    value: object | None = attrs.field(repr=False)
    """The model; ``None`` if the service refused."""
    asked: int
    """Number of its request."""
    arrived: float
    """Time of the loop's clock at which it was there."""
    until: float
    """Time at which it is of no use to whoever kept it."""
    trouble: Trouble | None = None
    """What stands in the way of a newer one, if that is known of this item alone."""
    refreshing: Trouble | None = None
    """Why a newer one is asked for behind, at this moment."""

    def age(self, now: float) -> float:
        """Seconds since it arrived."""
        return now - self.arrived


class KeptAnswers:
    """The answers of one key of the service, shared by all copies of a client."""

    def __init__(self) -> None:
        self._listed: OrderedDict[Key, Kept] = OrderedDict()
        self._asked_for: OrderedDict[Key, Kept] = OrderedDict()
        self._floor = 0  # what was asked for earlier may be older than what was given up or forgotten
        self.numbers: count[int] = count(1)
        """Numbers of requests, and of what else has to be ordered with them."""

    def __len__(self) -> int:
        return len(self._listed) + len(self._asked_for)

    def find(self, key: Key, freshness: Freshness, now: float) -> Kept | None:
        """The answer, if it may still be given. It counts as asked for from now on."""
        kept = self._known(key)
        if kept is None or kept.value is None or kept.age(now) >= freshness.useful:
            return None
        self._put(key, kept, self._asked_for)
        return kept

    def has(self, key: Key, kept: Kept) -> bool:
        """Whether that answer is still the one that is kept."""
        return self._known(key) is kept

    def keep(
        self,
        key: Key,
        value: object | None,
        asked: int,
        *,
        freshness: Freshness,
        now: float,
        listed: bool = False,
    ) -> None:
        """Keep an answer, unless a newer one is known.

        :param value: the model; ``None`` if the service refused.
        :param asked: number of its request.
        :param listed: whether it came in a list, and nobody asked for it.
        """
        known = self._known(key)
        if asked < (self._floor if known is None else known.asked):
            return
        kept = Kept(value, asked, now, now + freshness.useful)
        shelf = self._listed if listed and key not in self._asked_for else self._asked_for
        self._put(key, kept, shelf)
        self._make_room(freshness.entries, now, listed)

    def forget(self, path: str | None = None) -> None:
        """Give none of the answers again that stand at a path or below it, nor what was asked for before."""
        self._floor = next(self.numbers)
        root = None if path is None else canonical(path)
        for shelf in (self._listed, self._asked_for):
            for key in [key for key in shelf if root is None or f"{key.path}/".startswith(f"{root}/")]:
                del shelf[key]

    def _known(self, key: Key) -> Kept | None:
        return self._asked_for.get(key) or self._listed.get(key)

    def _put(self, key: Key, kept: Kept, shelf: OrderedDict[Key, Kept]) -> None:
        """Put an answer at the end of a shelf, wherever it was before."""
        self._listed.pop(key, None)
        self._asked_for.pop(key, None)
        shelf[key] = kept

    def _make_room(self, most: int, now: float, listed: bool) -> None:
        """Give up what is of no use any more, as far as it was not asked for in a while, and what is too much."""
        for shelf in (self._listed, self._asked_for):
            while shelf and next(iter(shelf.values())).until <= now:
                self._give_up(shelf)
        while len(self) > most:
            self._give_up(self._listed if len(self._listed) > listed else self._asked_for)

    def _give_up(self, shelf: OrderedDict[Key, Kept]) -> None:
        """Give up the first answer of a shelf. What was asked for before it could be older than it, and unnoticed."""
        _, kept = shelf.popitem(last=False)
        self._floor = max(self._floor, kept.asked)
