"""What was released goes away only with a word in the changelog."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from .public_api import RELEASED, ROOMS, ROOT, SNAPSHOT

LINE = re.compile(r"(?:@\w+ |async |class |property )*(?P<name>[\w.]+)(?P<parameters>\(.*\) -> )?")
MODULE = re.compile(rf"meltingspot_async\.(?:(?:{'|'.join(ROOMS)})\.)?")


def names(api: list[str]) -> Iterator[str]:
    """Each public name, as users know it, and each parameter as ``function(parameter)``."""
    for line in api:
        found = LINE.match(line)
        assert found, line
        name = MODULE.sub("", found["name"])
        yield name
        if found["parameters"]:
            [function] = ast.parse(f"def f{found['parameters']}None: ...").body
            assert isinstance(function, ast.FunctionDef)
            arguments = function.args
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                yield f"{name}({argument.arg})"


def unannounced(released: list[str], now: list[str], changelog: str) -> list[str]:
    """What was released, is gone, and is *Removed* in no version since; without the members of what is gone."""
    version, *api = released
    since = changelog.partition(f"\n## {version.removeprefix('# ')} ")[0]
    removed = "".join(re.findall(r"^### Removed\n(.*?)(?=^##|\Z)", since, re.MULTILINE | re.DOTALL))
    gone = set(names(api)) - set(names(now))
    whole = {name for name in gone if not {re.split(r"\.\w+$|\(", name)[0]} & (gone - {name})}
    return sorted(name for name in whole if f"`{name}`" not in removed)


def test_nothing_released_is_gone_without_a_word() -> None:
    """Each name and parameter of the last release is there, or the changelog has it under *Removed*."""
    released, now = (path.read_text().splitlines() for path in (RELEASED, SNAPSHOT))
    assert not unannounced(released, now, (ROOT / "CHANGELOG.md").read_text())


RELEASE = [
    "# 0.1.0",
    "class meltingspot_async.Client(object)",
    "async meltingspot_async.Client.get(self, path: str, params: Mapping[str, str | int] = {'a': 1}) -> Answer",
    "meltingspot_async.models.Badge = meltingspot_async.Badge",
    "class meltingspot_async.Badge(Model)",
    "meltingspot_async.Badge.id: str",
]


@pytest.mark.parametrize(
    ("kept", "gone"),
    [
        (RELEASE[1:], []),
        ([*RELEASE[1:], "class meltingspot_async.New(object)"], []),
        (RELEASE[1:4], ["Badge.id"]),
        (RELEASE[1:3], ["Badge"]),
        ([*RELEASE[1:2], *RELEASE[3:], "meltingspot_async.Client.get(self, path) -> None"], ["Client.get(params)"]),
        ([RELEASE[1], *RELEASE[3:]], ["Client.get"]),
    ],
)  # fmt: skip
def test_what_is_gone_is_found_and_must_be_announced(kept: list[str], gone: list[str]) -> None:
    """A class, attribute, method or parameter that is gone is named, until a version since has it as removed."""
    old = (
        "# Changelog\n\n## 0.1.0 - 2026-12-01\n\n### Removed\n\n- `Badge`, `Badge.id`, `Client.get(params)`\n"
    )
    named = "".join(f"- `{name}`\n" for name in gone)
    assert unannounced(RELEASE, kept, old) == gone
    new = old.replace(
        "## 0.1.0", f"## 0.2.0 - 2027-02-01\n\n### Removed\n\n{named}\n### Fixed\n\n- Much.\n\n## 0.1.0"
    )
    assert not unannounced(RELEASE, kept, new)
