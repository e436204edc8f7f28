"""The pytest plugin: found by itself, and at home with whoever runs the tests."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
LOOP_SCOPE = ["-o", "asyncio_default_fixture_loop_scope=function"]

ASYNC_TEST = """
import time

import pytest

from meltingspot_async import QuotaExhaustedError
from meltingspot_async.testing import Answer

{mark}
async def test_outage(fake_meltingspot, meltingspot):
    started = time.monotonic()
    fake_meltingspot.seed("c", 150)
    fake_meltingspot.fail(Answer(503), times=3)
    await meltingspot.course_participants.get("c", "participant-0")
    fake_meltingspot.fail(Answer(429, headers={{"Retry-After": "30"}}))
    await meltingspot.course_participants.get("c", "participant-1")
    assert len(fake_meltingspot.received) == 6
    fake_meltingspot.fail(Answer(429, headers={{"Retry-After": "3600"}}))
    with pytest.raises(QuotaExhaustedError):
        await meltingspot.course_participants.get("c", "participant-2")
    for number in range(150):
        await meltingspot.course_participants.get("c", f"participant-{{number}}")
    assert time.monotonic() - started < 20.0
"""
ANYIO = """
@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio"""
SYNC_TESTS = """
import asyncio
import unittest

import pytest

from meltingspot_async import MeltingSpotClient
from meltingspot_async.testing import FakeMeltingSpot

async def main():
    async with MeltingSpotClient.from_env() as client:
        return await client.course_participants.get("c", "participant-0")

def test_program(fake_meltingspot, monkeypatch):
    monkeypatch.setenv("MELTINGSPOT_API_KEY", fake_meltingspot.api_key)
    monkeypatch.setenv("MELTINGSPOT_BASE_URL", fake_meltingspot.base_url)
    fake_meltingspot.seed("c", 1)
    assert asyncio.run(main()).id == "participant-0"

@pytest.mark.xfail(strict=True, raises=pytest.fail.Exception)
def test_client(meltingspot):
    pass

class TestProgram(unittest.IsolatedAsyncioTestCase):
    async def test_client(self):
        async with FakeMeltingSpot() as fake, fake.client() as client:
            fake.seed("c", 1)
            assert (await client.course_participants.get("c", "participant-0")).course_id == "c"
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project beside which the package is installed."""
    info = pytester.mkdir("installed-1.dist-info")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1\n")
    (plugin,) = PROJECT["entry-points"]["pytest11"].items()
    (info / "entry_points.txt").write_text("[pytest11]\n{} = {}\n".format(*plugin))
    pytester.syspathinsert()
    return pytester


@pytest.mark.parametrize(
    ("options", "mark"),
    [
        ([*LOOP_SCOPE, "-o", "asyncio_mode=strict"], "@pytest.mark.asyncio"),
        ([*LOOP_SCOPE, "-o", "asyncio_mode=auto"], ""),
        ([*LOOP_SCOPE, "-o", "asyncio_mode=strict"], ANYIO),
        (["-p", "no:asyncio"], ANYIO),
    ],
    ids=["asyncio-strict", "asyncio-auto", "anyio-beside-asyncio", "anyio-alone"],
)
def test_failures_take_no_time_whoever_runs_the_test(
    project: pytest.Pytester, options: list[str], mark: str
) -> None:
    """Pytest finds the fixtures by itself; back-off, a pause of 30 s and 150 requests cost no real seconds."""
    project.makepyfile(ASYNC_TEST.format(mark=mark))
    project.runpytest_inprocess("-W", "error", *options).assert_outcomes(passed=1)


@pytest.mark.parametrize("named", ["_meltingspot_async_pytest", "meltingspot_async.testing.fixtures"])
def test_programs_without_a_loop_reach_the_fake(project: pytest.Pytester, named: str) -> None:
    """In a sync test the fake runs in a thread, the client is refused; unittest does without fixtures.

    The plugin may also be named.
    """
    project.makepyfile(SYNC_TESTS)
    project.runpytest_inprocess("-W", "error", *LOOP_SCOPE, "-p", named).assert_outcomes(passed=2, xfailed=1)


def test_plugin_leaves_the_package_to_coverage() -> None:
    """Loading the plugin imports nothing of the package, which coverage would then not see run."""
    code = "import sys, _meltingspot_async_pytest; sys.exit('meltingspot_async' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
