"""What becomes of the slots of a process that died, and of a Redis that forgot them."""

from __future__ import annotations

import asyncio

import pytest

from meltingspot_async import LimiterUnavailableError, Priority, RateLimit
from meltingspot_async.rate_limit._limits import DAY

from ..support.clock import now
from ..support.limiters import clocked, hold_at_once, redis_limiting, run_real, use
from ..support.redis_server import RedisServer, ask

LEASE = 30.0
ARRIVED = LEASE / 3 + 10.0
"""Seconds after its last step at which all requests of a dead process have arrived."""


@pytest.mark.parametrize(("per", "free_after"), [(10.0, LEASE), (60.0, ARRIVED + 60.0)])
async def test_killed_process_frees_its_slots_with_its_lease(
    server: RedisServer, key: str, per: float, free_after: float
) -> None:
    """Slots of a process that is killed are free with its lease, or a window after its last request arrived."""
    limit = RateLimit(3, per=per)
    async with clocked(server, key, limit, lease=LEASE) as alive, clocked(server, key, limit) as dead:
        await dead.slot().__aenter__()
        await dead.slot().__aenter__()
        dead._is_closed = True  # it takes no step any more
        killed = now()
        await hold_at_once(alive, 3)
        assert now() - killed == pytest.approx(free_after, abs=per / 1_000 + 0.001)


async def test_slots_of_a_living_process_stay_its_own(server: RedisServer, key: str) -> None:
    """A request may take longer than any lease: its process renews it."""
    limit = RateLimit(1, per=10.0)
    async with clocked(server, key, limit) as one, clocked(server, key, limit) as other:
        async with one.slot():
            waiting = asyncio.create_task(use(other))
            await asyncio.sleep(10 * LEASE)
            assert not waiting.done()
        answered = now()
        assert await waiting - answered == pytest.approx(10.0, abs=0.011)


async def test_failed_step_costs_no_slot_in_flight(
    server: RedisServer, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a step that failed, what is in flight is stated again before its lease ends: nobody else gets its slot."""
    limit = RateLimit(1, per=10.0)

    asked: list[float] = []

    async def fail(_: object) -> None:
        asked.append(now())
        raise LimiterUnavailableError("it is away")

    async with clocked(server, key, limit) as one, clocked(server, key, limit) as other:
        async with one.slot():
            with monkeypatch.context() as patched:
                patched.setattr(one._store, "step", fail)
                with pytest.raises(LimiterUnavailableError):
                    await use(one)
                await asyncio.sleep(5.0)
                assert len(asked) == 1
            waiting = asyncio.create_task(use(other))
            await asyncio.sleep(2 * LEASE)
            assert not waiting.done()
        await waiting


async def test_requests_of_a_killed_process_count_in_the_day(server: RedisServer, key: str) -> None:
    """What a process had in flight when it was killed is taken off the day's allowance, and leaves no record."""
    limits = RateLimit(9, per=10.0), RateLimit(9, per=DAY)
    async with clocked(server, key, *limits) as alive, clocked(server, key, *limits) as dead:
        await dead.slot().__aenter__()
        dead._is_closed = True
        await asyncio.sleep(2 * LEASE)
        assert await alive.free() == {limits[0]: 9, limits[1]: 8}
        fields = await ask(server, "HKEYS", f"meltingspot:{{{key}}}:state")
        assert not [field for field in fields if field.startswith(b"process:")]


async def test_dead_process_does_not_keep_its_place_in_the_queue(server: RedisServer, key: str) -> None:
    """Pages of a process that died in the queue keep a batch of another from free slots for a window at most."""
    limit = RateLimit(2, per=10.0)
    async with (
        clocked(server, key, limit, reserve=0) as alive,
        clocked(server, key, limit, reserve=0) as dead,
    ):
        async with alive.slot(), alive.slot():
            pages = [asyncio.create_task(use(dead)) for _ in range(5)]
            await asyncio.sleep(1.0)
            dead._is_closed = True
        started = now()
        await asyncio.gather(*(use(alive, Priority.BULK) for _ in range(2)))
        assert 11.0 <= now() - started <= 21.0
        for page in pages:
            page.cancel()
        await asyncio.gather(*pages, return_exceptions=True)


def test_slots_in_flight_are_stated_to_a_redis_restarted_empty(own_server: RedisServer, key: str) -> None:
    """Processes state again what they hold to a Redis that forgot everything."""

    async def main() -> None:
        limit = RateLimit(1, per=1_000.0)
        async with (
            redis_limiting(own_server, key, limit) as holder,
            redis_limiting(own_server, key, limit) as other,
            holder.slot(),
        ):
            own_server.kill()
            own_server.start()
            holder._report(is_due=True)  # as for a renewal of its lease
            assert (await holder.free())[limit] == 0
            assert (await other.free())[limit] == 0

    run_real(main())
