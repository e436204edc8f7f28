"""Everything that is checked before a change goes in: ``nox`` runs it all, ``nox -l`` lists it."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path

import nox

PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = ["3.11", "3.12", "3.13"]
SPELLED = ["meltingspot_async", "tests", "docs", "README.md", "CHANGELOG.md", "noxfile.py", "pyproject.toml"]
EXTRAS = ".[cli,speed,redis,otel]"

nox.options.sessions = ["tests", "lowest", "lint", "typing", "docs"]
nox.options.error_on_missing_interpreters = False


def groups(*names: str) -> list[str]:
    """The requirements of dependency groups."""
    return [name for group in names for name in nox.project.dependency_groups(PYPROJECT, group)]


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The whole suite with the newest dependencies."""
    session.install("-e", EXTRAS, *groups("test"))
    session.run("pytest", "--cov", "-n", "auto", *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """The whole suite with the lowest versions of what is required at run time, and without "speed"."""
    required: list[str] = PYPROJECT["project"]["dependencies"]
    extras: dict[str, list[str]] = PYPROJECT["project"]["optional-dependencies"]
    wanted = required + extras["cli"] + extras["redis"]
    lowest_versions = [requirement.replace(">=", "==") for requirement in wanted]
    test = set(groups("test")) - set(groups("queue", "integrations"))
    session.install("-e", ".", *sorted(test), *lowest_versions)
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, suspicious code, the direction of imports, spelling, and the syntax of the workflows."""
    session.install("-e", EXTRAS, *groups("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports", "--no-cache")
    session.run("codespell", *SPELLED)
    workflows = sorted(str(path) for path in Path(".github/workflows").iterdir())
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)


@nox.session
def typing(session: nox.Session) -> None:
    """Types, by two checkers in their strict modes; those of the public API are complete."""
    session.install("-e", EXTRAS, *groups("typing"))
    session.run("mypy")
    session.run("pyright")
    session.install("--no-deps", ".")  # pyright looks for what is verified among the installed packages
    session.run("pyright", "--verifytypes", "meltingspot_async", "--ignoreexternal")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation, without a single warning or broken reference."""
    session.install("-e", EXTRAS, *groups("docs", "test"))
    session.run("sphinx-build", "-W", "-n", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session(default=False)
def benchmarks(session: nox.Session) -> None:
    """Ratios side by side; no pass marks."""
    session.install("-e", EXTRAS, *groups("test"))
    session.run("python", "-m", "tests.benchmarks", *session.posargs)


@nox.session(default=False)
def thorough(session: nox.Session) -> None:
    """Many more random histories, and each cancellation on every loop with every limiter: some 20 minutes."""
    session.install("-e", EXTRAS, *groups("test"))
    marked = ("-m", "thorough", "--hypothesis-profile", "thorough", "--timeout", "3600")
    session.run("pytest", "-n", "auto", *marked, *session.posargs)


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """A sample of changes to the code, and whether the tests notice them: takes an hour or two."""
    session.install("-e", EXTRAS, *groups("test"))
    session.run("python", "-m", "tests.mutation", *session.posargs)


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """The checklist of a release: built, checked, the wheel alone, and the sdist's own suite. Takes the version.

    ``nox -s release -- 0.2.0`` leaves what is to be published in ``dist``.
    """
    session.install(*groups("release"))
    for old in Path("dist").glob("*"):
        old.unlink()
    session.run("python", "-m", "build")
    [wheel], [sdist] = Path("dist").glob("*.whl"), Path("dist").glob("*.tar.gz")
    if session.posargs and not wheel.name.startswith(f"meltingspot_async-{session.posargs[0]}-"):
        session.error(f"{wheel} is not {session.posargs[0]}: see meltingspot_async/_version.py")
    session.run("twine", "check", "--strict", str(wheel), str(sdist))
    session.run("check-wheel-contents", str(wheel))
    session.install(f"{wheel}[cli,speed,redis]")
    with tempfile.TemporaryDirectory() as elsewhere:
        with session.chdir(elsewhere):
            session.run("meltingspot", "demo")
        with tarfile.open(sdist) as packed:
            packed.extractall(elsewhere, filter="data")
        session.install(*groups("test"))
        with session.chdir(Path(elsewhere, sdist.name.removesuffix(".tar.gz"))):
            session.run("python", "-m", "pytest", "-n", "auto")
