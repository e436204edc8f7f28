"""The mutants that the tests are tried with."""

from __future__ import annotations

import pytest

from ..mutation.mutants import mutants


@pytest.mark.parametrize(
    ("source", "kind", "becomes"),
    [
        ("a < b", "comparison", "a <= b"),
        ("a + b", "arithmetic", "a - b"),
        ("a and b", "and/or", "a or b"),
        ("a and b", "dropped operand", "b"),
        ("not a", "dropped not", "a"),
        ("b if a else c", "conditional expression", "c"),
        ("a = True", "constant", "False"),
        ("a = 50", "constant", "51"),
        ("a(b, c)", "swapped arguments", "a(c, b)"),
        ("a(b=c)", "dropped keyword", "a()"),
        ("max(a)", "other function", "min(a)"),
        ("a()", "removed statement", "pass"),
        ("a += 1", "removed statement", "pass"),
        ("while a:\n    break", "break", "continue"),
        ("try:\n    a\nfinally:\n    b", "finally", "try: a finally: pass"),
        ("try:\n    a\nexcept (B, C):\n    d", "dropped exception", "except (C,): d"),
    ],
)
def test_places_are_changed_one_at_a_time(source: str, kind: str, becomes: str) -> None:
    """Each kind of place is changed as it says, and the rest of the module stays."""
    found = {(mutant.kind, mutant.becomes): mutant for mutant in mutants("m.py", f"x = y\n{source}")}
    changed = found[kind, becomes].source()
    assert changed.startswith("x = y\n")
    assert becomes in " ".join(changed.split())


def test_what_no_test_can_see_is_left_alone() -> None:
    """Docstrings, annotations, imports, decorators and what is for type checkers only are not changed."""
    source = """'''Text.'''
from a import b
if TYPE_CHECKING:
    c = 1
@d(1)
def e(f: Literal[1]) -> Literal[2]:
    '''Text.'''
    return f'{1}'
"""
    assert not list(mutants("m.py", source))
