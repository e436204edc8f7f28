"""The soak (``nox -s soak``), for a moment: it runs, and sees what it is there to see."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import attrs
import pytest

from meltingspot_async._http import session

from ..soak import service
from ..soak.__main__ import table
from ..soak.load import Outcome, Tally, soak
from ..soak.vitals import Vitals

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="counts by /proc")


MANY_FAULTS = {"reset": 60, "short": 60, "late": 60, "doubled": 30, "doubled later": 30, "503": 30}


async def soaked(calls: int) -> Outcome:
    """A soak of so many calls."""
    asyncio.get_running_loop().set_debug(False)  # it would complain of a slow machine
    return await soak(lambda share, tally: tally.calls < share * calls, callers=20, seed=1)


async def test_soak_keeps_every_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A soak counts each call once, meets the faults of its service, and finds no promise broken."""
    monkeypatch.setattr(service, "FAULTS", MANY_FAULTS)
    outcome = await soaked(100)
    tally = outcome.tally
    assert outcome.broken() == []
    assert tally.calls == tally.answers + tally.cancelled + tally.errors.total() >= 100
    assert {"answered", "late", "reset", "short"} <= outcome.happened.keys()
    assert any(line.split() == ["calls", f"{tally.calls:,}"] for line in table({"virtual": outcome}))


async def test_soak_sees_an_answer_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the client gave the answer to another request, the soak would say which."""
    monkeypatch.setattr(service, "FAULTS", {"doubled later": 300, "late": 300})

    def nothing_wrong(*_: object) -> None:
        """What is wrong with an answer, to a client that does not look."""

    monkeypatch.setattr(session, "wrong_item", nothing_wrong)
    outcome = await soaked(60)
    assert any("was asked for" in promise for promise in outcome.broken())


def test_soak_sees_what_grows_and_what_is_left() -> None:
    """A descriptor, a task, objects or memory more than before is a broken promise; so is a call without an end."""
    rest = Vitals(descriptors=10, tasks=1, objects=40_000, memory=50_000)
    sound = Outcome(Tally(), Counter(), rest, rest, rest, rest, [])
    assert sound.broken() == []
    for changed in (
        attrs.evolve(sound, late=attrs.evolve(rest, descriptors=11)),
        attrs.evolve(sound, late=attrs.evolve(rest, objects=80_000)),
        attrs.evolve(sound, late=attrs.evolve(rest, memory=100_000)),
        attrs.evolve(sound, after=attrs.evolve(rest, tasks=2)),
        attrs.evolve(sound, tally=Tally(under_way=1)),
        attrs.evolve(sound, complaints=["ResourceWarning"]),
    ):
        assert len(changed.broken()) == 1
