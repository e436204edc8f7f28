"""What is published: the wheel and the sdist."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this tree."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True, capture_output=True
    )
    return folder


def package() -> set[str]:
    """The files of the package, as paths from the root of the repository."""
    found = (path for path in ROOT.joinpath("meltingspot_async").rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in found if path.suffix != ".pyc"}


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


def test_sdist_holds_what_builds_and_tests_it(built: Path) -> None:
    """The sdist has the sources, the tests, the pages, and all that the README's commands and the checks need."""
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert package() <= names
    wanted = {"README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "noxfile.py", ".ci/run"}
    assert wanted <= names
    assert {"tests/conftest.py", "tests/contract/openapi.yaml", "docs/index.md"} <= names
    tops = {name.partition("/")[0] for name in names}
    assert tops <= wanted | {".ci", ".editorconfig", ".github", ".gitignore", ".pre-commit-config.yaml"} | {
        "PKG-INFO", "docs", "meltingspot_async", "tests",
    }  # fmt: skip
