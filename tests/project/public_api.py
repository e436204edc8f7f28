"""The public API as text, one line for each name, signature and attribute: ``python -m tests.project.public_api``
writes it to ``public_api.txt``, which a test compares with the package; with ``--released``, also to
``released_api.txt``, which holds that of the last release.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import griffe

from meltingspot_async import __version__

ROOT = Path(__file__).parents[2]
SNAPSHOT = Path(__file__).with_name("public_api.txt")
RELEASED = Path(__file__).with_name("released_api.txt")
PACKAGE = "meltingspot_async"
ROOMS = ("models", "resources", "testing", "rate_limit", "redis_limit", "sqlite_limit", "otel")
"""What can be imported besides the package itself."""


def public_api() -> list[str]:
    """The lines. A name that can be imported from two places is described at the first."""
    package = griffe.load(PACKAGE, search_paths=[ROOT])
    described: dict[str, str] = {}
    lines: list[str] = []
    for module in (package, *(package[room] for room in ROOMS)):
        for name in sorted(str(name) for name in module.exports or ()):
            # The package imports all of models for type checkers only, which griffe does not follow.
            target = _target(module.members.get(name) or package["models"][name])
            public_name = f"{module.path}.{name}"
            if (first := described.setdefault(target.path, public_name)) != public_name:
                lines.append(f"{public_name} = {first}")
            else:
                lines.extend(_described(public_name, target))
    return lines


def _target(found: griffe.Object | griffe.Alias) -> griffe.Object:
    return found.final_target if isinstance(found, griffe.Alias) else found


def _described(name: str, target: griffe.Object) -> Iterator[str]:
    if isinstance(target, griffe.Class):
        bases = ", ".join(str(base) for base in target.bases)
        yield f"class {name}({bases})"
        members = {**_inherited(target), **target.members}
        for member in sorted(members):
            if not member.startswith("_") or (member.startswith("__") and member.endswith("__")):
                yield from _described(f"{name}.{member}", _target(members[member]))
    elif isinstance(target, griffe.Function):
        prefix = "async " if "async" in target.labels else ""
        decorators = "".join(
            f"@{label} " for label in ("classmethod", "staticmethod") if label in target.labels
        )
        parameters = ", ".join(_parameters(target))
        yield f"{decorators}{prefix}{name}({parameters}) -> {target.returns}"
    elif isinstance(target, griffe.Attribute):
        kind = "property " if "property" in target.labels else ""
        is_set_by_init = "instance-attribute" in target.labels and "class-attribute" not in target.labels
        value = "" if target.value is None or kind or is_set_by_init else f" = {target.value}"
        yield f"{kind}{name}: {target.annotation}{value}"


def _inherited(target: griffe.Class) -> dict[str, griffe.Object | griffe.Alias]:
    """The methods of bases that have no public name, and that a user so knows as the class's own."""
    members: dict[str, griffe.Object | griffe.Alias] = {}
    for base in reversed(target.mro()):
        if base.path.startswith(f"{PACKAGE}.rate_limit._"):
            members |= {name: member for name, member in base.members.items() if not name.startswith("_")}
    return members


def _parameters(function: griffe.Function) -> Iterator[str]:
    is_keyword_only = False
    for parameter in function.parameters:
        kind = parameter.kind
        if kind is griffe.ParameterKind.keyword_only and not is_keyword_only:
            yield "*"
        is_keyword_only = kind in {griffe.ParameterKind.keyword_only, griffe.ParameterKind.var_positional}
        stars = {"variadic positional": "*", "variadic keyword": "**"}.get(kind.value if kind else "", "")
        annotation = "" if parameter.annotation is None else f": {parameter.annotation}"
        default = "" if parameter.default is None or stars else f" = {parameter.default}"
        yield f"{stars}{parameter.name}{annotation}{default}"


if __name__ == "__main__":
    text = "\n".join(public_api()) + "\n"
    SNAPSHOT.write_text(text)
    if sys.argv[1:] == ["--released"]:
        RELEASED.write_text(f"# {__version__}\n{text}")
