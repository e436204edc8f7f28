"""Everything that is checked before a change goes in: ``nox`` runs it all, ``nox -l`` lists it."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path

import nox

PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
SPELLED = ["meltingspot_async", "tests", "docs", "README.md", "CHANGELOG.md", "noxfile.py", "pyproject.toml"]
EXTRAS = ".[cli,speed,redis,otel]"
LOCK = "requirements-dev.lock"

nox.options.sessions = ["tests", "lowest", "lint", "typing", "docs"]
nox.options.error_on_missing_interpreters = False


def groups(*names: str) -> list[str]:
    """The requirements of dependency groups."""
    return [name for group in names for name in nox.project.dependency_groups(PYPROJECT, group)]


def require_version(session: nox.Session, version: str) -> None:
    """End a release whose version does not yet stand where it should."""
    places = {
        "meltingspot_async/_version.py": f'= "{version}"\n',
        "CHANGELOG.md": f"\n## {version} - 20",
        "tests/project/released_api.txt": f"# {version}\n",
    }
    for name, text in places.items():
        if text not in Path(name).read_text("utf-8"):
            session.error(
                f"{text.strip()!r} is not in {name}: docs/contributing.md says how a release is made."
            )


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
    """Types, by two checkers in their strict modes, of code and documentation; those of the public API are complete."""
    session.install("-e", EXTRAS, *groups("typing", "benchmarks"))
    session.run("mypy")
    session.run("pyright")
    with tempfile.TemporaryDirectory() as blocks:
        session.run("python", "-m", "tests.blocks", blocks)
        session.run("mypy", blocks, env={"MYPYPATH": blocks})
        session.run("pyright", "--project", blocks)
    session.install("--no-deps", ".")  # pyright looks for what is verified among the installed packages
    session.run("pyright", "--verifytypes", "meltingspot_async", "--ignoreexternal")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation, without a single warning or broken reference."""
    session.install("-e", EXTRAS, *groups("docs", "test"))
    session.run("sphinx-build", "-W", "-n", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session(default=False)
def site(session: nox.Session) -> None:
    """The documentation in a browser: every page at three widths, links, search, the console. Needs Chromium."""
    session.install("-e", EXTRAS, *groups("site", "test"))
    session.run("python", "-m", "tests.site")


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Every fault by every way of use, on both loops, with orjson and without: seven minutes."""
    session.install("-e", EXTRAS, *groups("test"))
    session.run("pytest", "--faults=all", "-n", "auto", "tests/faults", *session.posargs)


@nox.session(default=False)
def benchmarks(session: nox.Session) -> None:
    """Writes docs/benchmarks.md and its pictures: ratios side by side. ``-- --quick`` is less exact."""
    session.install("-e", EXTRAS, *groups("test", "benchmarks"))
    session.run("python", "-m", "tests.benchmarks", *session.posargs)


@nox.session(default=False)
def thorough(session: nox.Session) -> None:
    """Many more random histories, and each cancellation on every loop with every limiter: some 20 minutes."""
    session.install("-e", EXTRAS, *groups("test"))
    marked = ("-m", "thorough", "--hypothesis-profile", "thorough", "--timeout", "3600")
    session.run("pytest", "-n", "auto", *marked, *session.posargs)


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """A sample of changes to the code, and whether the tests notice them: takes about an hour."""
    session.install("-e", EXTRAS, *groups("test"))
    session.run("python", "-m", "tests.mutation", *session.posargs)


@nox.session(default=False)
def soak(session: nox.Session) -> None:
    """500 callers on a bad network: ten minutes, or ``nox -s soak -- --minutes 3``. Fails if a promise did not hold."""
    session.install("-e", EXTRAS, *groups("test"))
    session.run("python", "-m", "tests.soak", *session.posargs)


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Writes requirements-dev.lock: all groups and extras, for every Python and system, with hashes.

    What is locked stays, as far as pyproject.toml admits it; ``nox -s lock -- --upgrade`` takes the newest of all.
    """
    session.install(*groups("release"))
    command = ["uv", "pip", "compile", "pyproject.toml", "--all-extras", "--group", "dev", "-o", LOCK]
    form = ["--universal", "--python-version", PYTHONS[0], "--generate-hashes", "--no-annotate"]
    session.run(*command, *form, "--custom-compile-command", "nox -s lock", *session.posargs, silent=True)


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """The checklist of a release: built, checked, the wheel alone, and the sdist's own suite. Takes the version.

    ``nox -s release -- 0.2.0`` leaves what is to be published in ``dist``. The tools are those that are locked.
    """
    for version in session.posargs:
        require_version(session, version)
    session.install("--require-hashes", "-r", LOCK)
    for old in Path("dist").glob("*"):
        old.unlink()
    session.run("python", "-m", "build", "--no-isolation")
    [wheel], [sdist] = Path("dist").absolute().glob("*.whl"), Path("dist").absolute().glob("*.tar.gz")
    session.run("twine", "check", "--strict", str(wheel), str(sdist))
    session.run("check-wheel-contents", str(wheel))
    with tempfile.TemporaryDirectory() as elsewhere, session.chdir(elsewhere):
        session.run("python", "-m", "venv", "alone")
        session.run("alone/bin/pip", "install", f"{wheel}[cli,speed,redis]", external=True, silent=True)
        session.run("alone/bin/meltingspot", "demo", external=True)
        with tarfile.open(sdist) as packed:
            packed.extractall(filter="data")
        with session.chdir(sdist.name.removesuffix(".tar.gz")):
            session.install("--no-deps", "--no-build-isolation", "-e", ".")  # pytest finds the plugin so
            session.run("python", "-m", "pytest", "-n", "auto")
