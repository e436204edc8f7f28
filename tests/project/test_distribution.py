"""What is published: the wheel and the sdist."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from configparser import ConfigParser
from email import message_from_string
from pathlib import Path
from typing import cast

import pytest

from meltingspot_async import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this tree."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True, capture_output=True
    )
    return folder


def files_in(folder: str) -> set[str]:
    """The files of a folder of the repository, as paths from its root, without what tools leave there."""
    found = (path.relative_to(ROOT) for path in ROOT.joinpath(folder).rglob("*") if path.is_file())
    return {
        path.as_posix() for path in found if not {"__pycache__", "_build", ".ruff_cache"} & set(path.parts)
    }


def package() -> set[str]:
    """The files of the package."""
    return files_in("meltingspot_async")


def test_wheel_holds_the_package_and_nothing_else(built: Path) -> None:
    """Every file of the package is in the wheel, with the mark that it is typed, and no test or page is.

    The pytest plugin stands beside the package.
    """
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    held = {name for name in names if ".dist-info/" not in name}
    plugin = "meltingspot_async/testing/pytest_plugin.py"
    assert held == package() - {plugin} | {"_meltingspot_async_pytest.py"}
    assert "meltingspot_async/py.typed" in held
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_wheel_says_what_it_is(built: Path) -> None:
    """The wheel's metadata has version, Pythons, licence, requirements; command and plugin are found."""
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        [info] = {name.partition("/")[0] for name in packed.namelist() if ".dist-info/" in name}
        metadata = message_from_string(packed.read(f"{info}/METADATA").decode())
        commands = ConfigParser()
        commands.read_string(packed.read(f"{info}/entry_points.txt").decode())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert metadata["Name"] == "meltingspot-async"
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == project["requires-python"]
    assert metadata["License-Expression"] == project["license"]
    assert metadata.get_all("Classifier") == project["classifiers"]
    assert metadata.get_all("Provides-Extra") == sorted(project["optional-dependencies"])
    required = metadata.get_all("Requires-Dist", [])
    assert sorted(name for name in required if "extra ==" not in name) == sorted(project["dependencies"])
    assert dict(commands["console_scripts"]) == {"meltingspot": "meltingspot_async._cli.app:main"}
    assert dict(commands["pytest11"]) == {"_meltingspot_async_pytest": "_meltingspot_async_pytest"}


def test_readme_reads_the_same_anywhere(built: Path) -> None:
    """Where only the README is shown, its links lead to whole addresses, and pages of the repository are named."""
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        [info] = {name.partition("/")[0] for name in packed.namelist() if ".dist-info/" in name}
        shown = cast("str", message_from_string(packed.read(f"{info}/METADATA").decode()).get_payload())
    assert all(link.startswith("https://") for link in re.findall(r"\]\(([^)]*)\)", shown))
    assert "- Tutorial (`docs/tutorial.md`): a quarter" in shown
    assert re.sub(r"\W|docs\w+md", "", shown) == re.sub(r"\W|docs\w+md", "", (ROOT / "README.md").read_text())


def test_sdist_holds_what_builds_and_tests_it(built: Path) -> None:
    """The sdist has the sources, the tests, the pages, and all that the README's commands and the checks need."""
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert package() <= names
    wanted = {
        "README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "noxfile.py", "requirements-dev.lock", ".ci/run",
    }  # fmt: skip
    assert wanted <= names
    assert files_in("tests") | files_in("docs") | files_in(".github") <= names
    assert not [name for name in names if "__pycache__" in name or "_build" in name]
    tops = {name.partition("/")[0] for name in names}
    assert tops <= wanted | {".ci", ".editorconfig", ".github", ".gitignore", ".pre-commit-config.yaml"} | {
        "PKG-INFO", "docs", "meltingspot_async", "tests",
    }  # fmt: skip
