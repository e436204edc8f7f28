"""What can be changed in a module, one place at a time: pure, from source to sources."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

import attrs


@attrs.frozen
class Mutant:
    """A module with one place changed."""

    module: str
    """Its path from the root of the repository."""
    line: int
    text: str
    """The line before the change."""
    kind: str
    was: str
    becomes: str
    source: Callable[[], str] = attrs.field(repr=False, eq=False)
    """Makes the source of the module with the change."""

    @property
    def name(self) -> str:
        """What it is called in a list of survivors: without its line, which moves."""
        return f"{self.module}: {self.text}: {self.kind}: {self.was} -> {self.becomes}"


_OPPOSITES: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
"""What an operator is mistaken for."""

_OTHER_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


def mutants(module: str, source: str) -> Iterator[Mutant]:
    """All mutants of a module, in the order of its lines.

    What no test can or should see is left alone: docstrings, texts, annotations, overloads, imports, and whether a
    field can be given where an object is made.
    """
    tree, lines = ast.parse(source), source.splitlines()
    places = [node for node in _executed(tree) if isinstance(node, (ast.expr, ast.stmt, ast.ExceptHandler))]
    for node in sorted(places, key=lambda place: (place.lineno, place.col_offset)):
        for kind, replacement in _changes(node):
            was, becomes = ast.unparse(node), ast.unparse(replacement)
            if was != becomes:
                yield Mutant(
                    module,
                    node.lineno,
                    lines[node.lineno - 1].strip(),
                    kind,
                    _short(was),
                    _short(becomes),
                    partial(_with, tree, node, replacement),
                )


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below one that run when the code does something."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "type_params"}:
            continue
        for child in cast("list[object]", value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or isinstance(
                child, (ast.Import, ast.ImportFrom, ast.JoinedStr)
            ):
                continue
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and _is_overload(child):
                continue
            if isinstance(child, ast.keyword) and child.arg == "init":
                continue
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            yield child
            yield from _executed(child)


def _is_overload(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(decorator) == "overload" for decorator in function.decorator_list)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """The kinds of change of a node, and what it is afterwards."""
    match node:
        case ast.Call():
            yield from _changed_calls(node)
        case ast.expr():
            yield from _changed_expressions(node)
        case _:
            yield from _changed_statements(node)


def _changed_statements(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Expr(value=ast.Call() | ast.Await()):
            yield "removed statement", ast.Pass()
        case ast.AugAssign(op=operator):
            yield "removed statement", ast.Pass()
            if type(operator) in _OPPOSITES:
                yield "arithmetic", _changed(node, op=_OPPOSITES[type(operator)]())
        case ast.Break():
            yield "break", ast.Continue()
        case ast.Try(finalbody=[_, *_]):
            yield "finally", _changed(node, finalbody=[ast.Pass()])
        case ast.ExceptHandler(type=ast.Tuple(elts=errors)):
            for rest in _without_one(errors):
                yield "dropped exception", _changed(node, type=ast.Tuple(rest, ast.Load()))
        case _:
            pass


def _changed_expressions(node: ast.expr) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Compare(ops=[operator]):
            yield "comparison", _changed(node, ops=[_OPPOSITES[type(operator)]()])
        case ast.BinOp(op=operator) if type(operator) in _OPPOSITES:
            yield "arithmetic", _changed(node, op=_OPPOSITES[type(operator)]())
        case ast.BoolOp(op=operator, values=values):
            yield "and/or", _changed(node, op=_OPPOSITES[type(operator)]())
            for rest in _without_one(values):
                yield "dropped operand", rest[0] if len(rest) == 1 else _changed(node, values=rest)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "dropped not", operand
        case ast.IfExp(body=body, orelse=orelse):
            yield "conditional expression", body
            yield "conditional expression", orelse
        case ast.Constant(value=bool() as value):
            yield "constant", ast.Constant(not value)
        case ast.Constant(value=int() | float() as number):
            yield "constant", ast.Constant(number + 1)
        case _:
            pass


def _without_one(nodes: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for index in range(len(nodes)):
        yield nodes[:index] + nodes[index + 1 :]


def _changed_calls(call: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    match call:
        case ast.Call(func=ast.Name(id=name)) if name in _OTHER_NAMES:
            yield "other function", _changed(call, func=ast.Name(_OTHER_NAMES[name], ast.Load()))
        case ast.Call(args=[ast.expr() as first, ast.expr() as second, *rest]) if not isinstance(
            first, ast.Starred
        ):
            yield "swapped arguments", _changed(call, args=[second, first, *rest])
        case _:
            pass
    for keyword in call.keywords:
        if keyword.arg not in {None, "init"}:
            yield (
                "dropped keyword",
                _changed(call, keywords=[other for other in call.keywords if other is not keyword]),
            )


def _changed(node: ast.AST, **fields: object) -> ast.AST:
    twin = copy.copy(node)
    for name, value in fields.items():
        setattr(twin, name, value)
    return twin


class _Replacing(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self._new if node is self._old else self.generic_visit(node)


def _with(tree: ast.Module, old: ast.AST, new: ast.AST) -> str:
    """The source of a module in which one node is another; the tree itself is as it was afterwards."""
    there = _Replacing(old, new).visit(tree)
    source = ast.unparse(ast.fix_missing_locations(there))
    _Replacing(new, old).visit(tree)
    return source


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else line[:99] + "…"
