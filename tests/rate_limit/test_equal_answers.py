"""Every store answers as the one function that decides: Redis runs a translation of it, a file keeps its state."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Iterator
from functools import partial

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from meltingspot_async import RateLimit
from meltingspot_async.rate_limit._decision import decide
from meltingspot_async.rate_limit._limits import DAY
from meltingspot_async.rate_limit._shared import Store, shared_rules, strictest
from meltingspot_async.rate_limit._state import Rules, State, Statement
from meltingspot_async.redis_limit._store import RedisStore
from meltingspot_async.sqlite_limit._clock import Reading
from meltingspot_async.sqlite_limit._file import LimitFile

from ..support.limit_file import InlineStore
from ..support.limiters import InRedis, Shared
from ..support.redis_script import ClockedScript
from ..support.redis_server import RedisServer
from ..support.thorough import THOROUGH, thorough

SECOND = 1_000_000

statements = st.builds(
    Statement,
    process=st.sampled_from("abc"),
    step=st.just(0),
    held=st.integers(0, 4),
    pages=st.integers(0, 60),
    batches=st.integers(0, 6),
    patience=st.sampled_from([0, 5 * SECOND, 60 * SECOND]),
    answered=st.integers(0, 3),
    given_up=st.integers(0, 1),
    given_up_for=st.integers(0, 12 * SECOND),
    refused=st.integers(0, 1),
    pause=st.integers(0, 20 * SECOND),
    after=st.integers(0, 3),
)
passing = st.sampled_from([0, 1, 999, 20_000, SECOND, 10 * SECOND, 31 * SECOND, -5 * SECOND]) | st.integers(
    0, 3 * SECOND
)
reserves = st.sampled_from([0.0, 0.05, 0.3])
limits = st.lists(
    st.builds(RateLimit, st.integers(1, 40), per=st.sampled_from([0.5, 2.5, 10.0, 3_600.0, DAY])),
    min_size=1,
    max_size=3,
).map(strictest)


@given(
    rules=st.lists(
        st.builds(partial(shared_rules, lease=30.0), limits, reserve=reserves), min_size=1, max_size=2
    ),
    history=st.lists(st.tuples(statements, passing, st.booleans(), st.booleans()), max_size=40),
)
@thorough
@settings(max_examples=2_000 if THOROUGH else 20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_store_answers_as_the_function_does(
    shared: Shared,
    rules: list[Rules],
    history: list[tuple[Statement, float, bool, bool]],
) -> None:
    """Whatever three processes state at whatever times, the store and the function give the same slots and times.

    Some steps arrive late, and some programs state other rules than those before them. Redis's clock can be set back;
    the time of a file begins with its first step, and is that of a clock that nobody can set.
    """
    _compare(shared, rules, history)


@pytest.mark.parametrize("seed", range(100 if THOROUGH else 6))
@thorough
def test_long_history_is_answered_alike(server: RedisServer, seed: int) -> None:
    """In long histories whose times coincide, as they seldom do by chance, everything happens that can."""
    for number in range(5):
        chance = random.Random(5 * seed + number)
        _compare(InRedis(server), _some_rules(chance), list(_long_history(chance)))


def _some_rules(chance: random.Random) -> list[Rules]:
    """Rules under which slots are scarce."""

    def one() -> Rules:
        limits = [
            RateLimit(
                chance.choice((1, 2, 3, 5, 8, 20, 40)), per=chance.choice((0.5, 2.5, 10.0, 3_600.0, DAY))
            )
            for _ in range(chance.randint(1, 3))
        ]
        rules = shared_rules(strictest(limits), reserve=chance.choice((0.0, 0.05, 0.3, 0.6)), lease=30.0)
        return attrs.evolve(rules, max_passed_over=chance.choice((1, 3, 50)))

    return [one() for _ in range(chance.choice((1, 1, 2)))]


def _long_history(chance: random.Random) -> Iterator[tuple[Statement, float, bool, bool]]:
    """Sixty steps, all at multiples of a quarter of a second but for a few."""

    def times(*quarters: int) -> int:
        return chance.choice(quarters) * SECOND // 4

    for _ in range(60):
        statement = Statement(
            process=chance.choice("abc"),
            step=0,
            held=chance.choice((0, 0, 1, 2, 3, 5)),
            pages=chance.choice((0, 0, 1, 2, 5, 60)),
            batches=chance.choice((0, 0, 1, 2, 6)),
            patience=times(0, 2, 4, 10, 240),
            answered=chance.choice((0, 1, 1, 2, 3)),
            given_up=chance.choice((0, 0, 0, 0, 1)),
            given_up_for=times(0, 1, 40, 48),
            refused=chance.choice((0, 0, 0, 0, 0, 0, 1, 2)),
            pause=times(0, 2, 4, 10, 80),
            after=chance.choice((0, 1, 1, 2, 3)),
        )
        passed = times(0, 0, 0, 1, 1, 1, 2, 2, 4, 10, 40, 120, -20) + chance.choice((0, 0, 0, 0, 1))
        yield statement, passed, chance.random() < 0.03, chance.random() < 0.07


def _compare(shared: Shared, rules: list[Rules], history: list[tuple[Statement, float, bool, bool]]) -> None:
    """Have a store and the function take the same steps."""
    first_rules = rules[-1 if history and history[0][-1] else 0]
    state, time, begun = State.new(first_rules), 1_000.0 * SECOND, 0.0
    key, stores = uuid.uuid4().hex, list[Store]()
    if isinstance(shared, InRedis):
        redis = Redis(unix_socket_path=shared.server.socket)
        script = ClockedScript(redis, lambda: time)
        stores += [RedisStore(script, key, each) for each in rules]
    else:
        files = [
            LimitFile(shared.path, key, each, lambda: Reading("boot", int(time), None)) for each in rules
        ]
        stores += map(InlineStore, files)
        begun = time + abs(history[0][1]) if history else 0.0
    with asyncio.Runner() as loop:
        for step, (stated, seconds, is_late, is_other) in enumerate(history, 1):
            time += seconds if isinstance(shared, InRedis) else abs(seconds)
            statement = attrs.evolve(stated, step=1 if is_late else step)
            place = -1 if is_other else 0
            expected = decide(state, rules[place], statement, time - begun)
            assert loop.run(stores[place].step(statement)) == expected
        for store in stores:
            loop.run(store.close())
