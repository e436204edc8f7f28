"""What a client is like before anything was asked, and what is said where nothing was chosen."""

from __future__ import annotations

import asyncio
import json

import attrs

from meltingspot_async import Freshness, MeltingSpotClient, RetryPolicy
from meltingspot_async._http.failures import Failure
from meltingspot_async._http.freshness import Kept, Key, Trouble
from meltingspot_async._http.list_habits import ListHabits
from meltingspot_async._http.refreshing import Wanted
from meltingspot_async._paging.service_list import by_content, by_id
from meltingspot_async.testing import make_course_participant


def test_freshness_by_default_is_the_documented_one() -> None:
    """Half a minute without a request, ten minutes more if one fails, and ten thousand answers."""
    assert Freshness() == Freshness(max_age=30.0, stale_if_error=600.0, entries=10_000)
    assert Freshness(max_age=30.0, stale_if_error=600.0).useful == 630.0


def test_nothing_is_known_of_a_service_before_it_answers() -> None:
    """A new client takes no list to have any habit."""
    assert attrs.astuple(ListHabits()) == (None, 0, None, False)


def test_failure_may_have_been_received_and_may_be_over() -> None:
    """Where no more is known, a request may have been received, and trying again may help."""
    assert attrs.astuple(Failure("odd")) == ("odd", None, True, False)
    assert attrs.astuple(Trouble("odd")) == ("odd", None, 1)


def test_kept_answer_has_no_trouble() -> None:
    """A new answer is neither in trouble nor being refreshed, and ages from its arrival."""
    kept = Kept("x", 1, 10.0, 20.0)
    assert (kept.trouble, kept.refreshing, kept.age(12.5)) == (None, None, 2.5)


async def test_attempt_with_an_answer_in_hand_is_a_single_one() -> None:
    """Whoever has an older answer tries once, is turned away by the first 429, and keeps the rest of its policy."""

    async def ask(*_: object) -> str:
        return ""

    options = MeltingSpotClient("key", retry=RetryPolicy(backoff_max=7.0)).session_manager.options
    wanted = Wanted(Key.of("/", str, ()), "/", options, Freshness(), ask, asyncio.sleep)
    assert wanted.once == {"retry": RetryPolicy(attempts=1, max_throttled=0.0, backoff_max=7.0)}


def test_item_is_known_by_its_id_or_by_all_of_it() -> None:
    """Two items are one if they have the same id, or where there is none, the same content in whatever order."""
    one, other = make_course_participant(1), make_course_participant(2)
    assert by_id(one) == one.id
    content = json.loads(by_content(one))
    assert by_content(one) == json.dumps(content, sort_keys=True) != by_content(other)
    assert [*content] == sorted(content)
