"""Odd installations: packed into a zip file, without docstrings and asserts, frozen into a program."""

from __future__ import annotations

import os
import subprocess
import sys
from modulefinder import ModuleFinder
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest

import meltingspot_async
import meltingspot_async.models
import meltingspot_async.resources

from ..support.redis_server import RedisServer
from ..support.thorough import some, thorough

PACKAGE = Path(meltingspot_async.__file__).parent
FILES = [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]

PROGRAM = """
import asyncio
import sys

import meltingspot_async
from meltingspot_async import MeltingSpotClient, RateLimit
from meltingspot_async._cli.app import main
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.testing import FakeMeltingSpot

async def ask(redis_url):
    limiter = RedisSlidingWindowLimiter.from_url(redis_url, [RateLimit(9, per=1.0)], key=str(sys.flags.optimize))
    async with FakeMeltingSpot() as fake:
        fake.seed("c", 1)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter) as client:
            print(meltingspot_async.__file__, (await client.course_participants.get("c", "participant-0")).id)
    await limiter.aclose()

asyncio.run(ask(sys.argv.pop()))
main()
"""


@thorough
@pytest.mark.parametrize("flag", some(["-OO", "-B"]))
def test_package_works_packed_and_optimised(flag: str, server: RedisServer, tmp_path: Path) -> None:
    """From a zip file, with and without docstrings and asserts: client, limiter in Redis, fake service, command."""
    packed = tmp_path / "packed.zip"
    with ZipFile(packed, "w") as archive:
        for path in FILES:
            archive.write(path, path.relative_to(PACKAGE.parent))
    ended = subprocess.run(
        [sys.executable, flag, "-c", PROGRAM, "doctor", "--help", server.url],
        env={**os.environ, "PYTHONPATH": str(packed)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{packed / PACKAGE.name / '__init__.py'} participant-0" in ended.stdout
    assert "Usage: meltingspot doctor" in ended.stdout


def test_package_has_nothing_but_modules() -> None:
    """No file is needed that a program like PyInstaller, which follows the imports, would have to be told of."""
    assert {path.suffix for path in FILES} == {".py", ".typed"}
    for path in FILES:
        if path == PACKAGE / "_first_use.py":
            continue  # it loads what import statements name, too: see the next test
        text = path.read_text("utf-8")
        assert not any(
            word in text for word in ("import_module", "importlib.resources", "__import__", "__file__")
        ), path


def test_what_is_loaded_on_first_use_is_found_by_its_imports() -> None:
    """A program like PyInstaller, which follows import statements, finds all models, resources and lists."""
    finder = ModuleFinder([str(PACKAGE.parent)])
    finder.import_hook("meltingspot_async")
    rooms = [PACKAGE / room for room in ("models", "resources", "_paging")]
    wanted = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in FILES
        if path.parent in rooms
    }
    assert {name for name in wanted if not name.endswith("__init__")} <= set(finder.modules)


def test_models_and_errors_need_no_client() -> None:
    """A program that uses models and errors only loads neither the client nor aiohttp."""
    program = """
import sys
import meltingspot_async
from meltingspot_async import CourseParticipant, NotFoundError
assert "aiohttp" not in sys.modules and "meltingspot_async.client" not in sys.modules
assert meltingspot_async.rate_limit.RateLimit is meltingspot_async.RateLimit
assert meltingspot_async.resources.Groups
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("room", ["models", "rate_limit", "resources"])
def test_rooms_need_no_import_of_their_own(room: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an import of the package alone, its rooms are attributes of it, loaded or not."""
    monkeypatch.delattr(meltingspot_async, room)
    assert getattr(meltingspot_async, room) is sys.modules[f"meltingspot_async.{room}"]


def test_import_loads_no_resource_and_no_model() -> None:
    """A program that makes a client pays for the resources and models that it uses, and for no others."""
    program = """
import sys
from meltingspot_async import MeltingSpotClient
client = MeltingSpotClient("secret-key")
loaded = [name for name in sys.modules if name.startswith("meltingspot_async.resources.")]
assert not loaded and "cattrs" not in sys.modules, loaded
client.groups
assert "meltingspot_async.models.group" in sys.modules
assert "meltingspot_async.models.activity" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "package", [meltingspot_async, meltingspot_async.models, meltingspot_async.resources]
)
def test_names_are_those_that_are_listed(package: ModuleType) -> None:
    """Every public name can be had and is shown by dir(); a misspelt one is an AttributeError that names it."""
    assert {*package.__all__} == {*dir(package)}
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match=f"'{package.__name__}' has no attribute 'Nothing'"):
        _ = package.Nothing
