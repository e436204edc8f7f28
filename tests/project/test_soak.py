"""The soak (``nox -s soak``), for a moment: it runs, and sees what it is there to see."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import attrs
import pytest

from meltingspot_async._http import session

from ..soak import service
from ..soak.__main__ import table
from ..soak.load import Outcome, Tally, soak

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="counts by /proc")


MANY_FAULTS = {"reset": 60, "short": 60, "late": 60, "doubled": 30, "doubled later": 30, "503": 30}


async def soaked(calls: int) -> Outcome:
    """A soak of so many calls."""
    asyncio.get_running_loop().slow_callback_duration = math.inf  # how fast this machine is says nothing
    return await soak(lambda share, tally: tally.calls < share * calls, callers=20, seed=1)


async def test_soak_keeps_every_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A soak counts each call once, meets the faults of its service, and finds no promise broken."""
    monkeypatch.setattr(service, "FAULTS", MANY_FAULTS)
    outcome = await soaked(200)
    tally = outcome.tally
    assert outcome.broken() == []
    assert tally.calls == tally.answers + tally.cancelled + tally.errors.total() >= 200
    assert {"answered", "late", "reset", "short"} <= outcome.happened.keys()
    assert any(line.split() == ["calls", f"{tally.calls:,}"] for line in table({"virtual": outcome}))


async def test_soak_sees_an_answer_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the client gave the answer to another request, the soak would say which."""
    monkeypatch.setattr(service, "FAULTS", {"doubled later": 300, "late": 300})
    monkeypatch.setattr(session, "wrong_item", lambda *_: None)
    outcome = await soaked(100)
    assert any("was asked for" in promise for promise in outcome.broken())


async def test_soak_sees_what_grows_and_what_is_left() -> None:
    """A descriptor, a task, objects or memory more than before is a broken promise; so is a call without an end."""
    outcome = attrs.evolve(await soaked(40), complaints=[])
    early, before = outcome.early, outcome.before
    for changed in (
        attrs.evolve(outcome, late=attrs.evolve(early, descriptors=early.descriptors + 1)),
        attrs.evolve(outcome, late=attrs.evolve(early, objects=early.objects * 2)),
        attrs.evolve(outcome, late=attrs.evolve(early, memory=early.memory * 2)),
        attrs.evolve(outcome, after=attrs.evolve(before, tasks=before.tasks + 1)),
        attrs.evolve(outcome, tally=Tally(under_way=1)),
        attrs.evolve(outcome, complaints=["ResourceWarning"]),
    ):
        assert len(changed.broken()) == 1
