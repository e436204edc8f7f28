"""requirements-dev.lock: what the hosted checks and a release install."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements-dev.lock").read_text()
ENTRY = re.compile(
    r"^(?P<requirement>[^\s#].*?)(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", re.MULTILINE
)
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PYTHONS = [
    name.rpartition(" ")[2]
    for name in PYPROJECT["project"]["classifiers"]
    if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", name)
]


def locked() -> list[Requirement]:
    """The entries, without their hashes."""
    return [Requirement(entry["requirement"]) for entry in ENTRY.finditer(LOCK)]


def asked_for() -> list[Requirement]:
    """What pyproject.toml names at run time, in extras, in groups; benchmarks are run beside the newest of others."""
    project = PYPROJECT["project"]
    locked_groups = [
        names for group, names in PYPROJECT["dependency-groups"].items() if group != "benchmarks"
    ]
    groups = [*project["optional-dependencies"].values(), *locked_groups]
    named = [name for group in groups for name in group if isinstance(name, str)]
    return [Requirement(name) for name in (*project["dependencies"], *named)]


def applies(requirement: Requirement, environment: dict[str, str]) -> bool:
    """Whether the requirement is one of this Python on this system."""
    return requirement.marker is None or requirement.marker.evaluate(environment)


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("python", PYTHONS)
def test_lock_has_what_the_project_asks_for(python: str, system: str) -> None:
    """Of each requirement of the project one version is locked for each Python and system, and it is admitted."""
    environment = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": system}
    versions: dict[str, list[str]] = {}
    for entry in locked():
        if applies(entry, environment):
            [pinned] = entry.specifier
            assert pinned.operator == "==", entry
            versions.setdefault(canonicalize_name(entry.name), []).append(pinned.version)
    for requirement in asked_for():
        if applies(requirement, environment):
            [version] = versions[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version, prereleases=True), requirement


def test_every_entry_has_a_hash() -> None:
    """Nothing is installed from the lock whose bytes are not those that were locked."""
    assert len(locked()) > 100
    assert all(entry["hashes"] for entry in ENTRY.finditer(LOCK))


def test_lock_names_no_place() -> None:
    """Where packages are fetched from is not the lock's to say: no address, index or path stands in it."""
    assert "://" not in LOCK
    assert not re.search(r"^\s*-(?!-hash=)|@ |file:|/", LOCK, re.MULTILINE)


def test_checks_elsewhere_install_the_lock_with_its_hashes() -> None:
    """Each hosted workflow installs from the lock, hashes checked, and nothing else by pip but the project itself."""
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        installed = re.findall(r"pip install (.*)", workflow.read_text())
        assert installed[0] == "--require-hashes -r requirements-dev.lock", workflow
        assert set(installed[1:]) <= {"--no-deps --no-build-isolation -e ."}, workflow
