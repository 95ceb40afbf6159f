"""Mutants: a module's source with one small fault in it, each as a programmer might make it.

What is changed: comparisons (to the neighbour at the boundary, and to the contrary), arithmetic, `and` and `or`,
conditions, signs, numbers (one more), `True` and `False`, functions that have a counterpart (`CALLS`), what is
returned (None); calls for their effect, raised errors and assignments to parts of things are left out.

What is not: texts, annotations, decorators, and what only guards against bugs of our own (`assert`, the `strict` of
`zip`), which no test can reach.
"""

import ast
import copy
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}

_PAIRS = {"all": "any", "argmax": "argmin", "ceil": "floor", "max": "min", "maximum": "minimum"}
CALLS = _PAIRS | {other: name for name, other in _PAIRS.items()}
"""Functions, and what is called in their place."""

_PASSED_OVER = {"annotation", "returns", "decorator_list"}
"""Fields of nodes in which nothing is changed."""


class Mutant(NamedTuple):
    """A module with a fault."""

    number: int
    """Its place among all of the module."""
    where: str
    """The function or class, as `Class.method`; "" outside of any."""
    line: int
    before: str
    """The statement, or the head of a block, as `ast.unparse` writes it."""
    after: str


def mutants(source: str) -> list[Mutant]:
    """List all mutants of a module, in the order of its nodes."""
    tree = ast.parse(source)
    return [Mutant(number, *told) for number, told in enumerate(_faults(tree, "", tree))]


def with_fault(source: str, number: int) -> str:
    """Write the source of a mutant."""
    tree = ast.parse(source)
    # A fault is in the tree until the next one is asked for.
    next(itertools.islice(_faults(tree, "", tree), number, None))
    return ast.unparse(tree)


def _faults(parent: ast.AST, where: str, statement: ast.AST) -> Iterator[tuple[str, int, str, str]]:
    """Put one fault after the other into a tree, and tell where it is, its line, the statement before and after."""
    for field, value in ast.iter_fields(parent):
        if field in _PASSED_OVER:
            continue
        for place, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or _is_guard(node):
                continue
            own = node if isinstance(node, ast.stmt) else statement
            for other in _others(node, is_condition=field in ("test", "ifs")):
                before = _told(own)
                _put(parent, field, place, other)
                yield where, getattr(own, "lineno", 1), before, _told(other if own is node else own)
                _put(parent, field, place, node)
            inner = f"{where}.{node.name}".strip(".") if isinstance(node, ast.FunctionDef | ast.ClassDef) else where
            yield from _faults(node, inner, own)


def _is_guard(node: ast.AST) -> bool:
    return isinstance(node, ast.Assert) or (isinstance(node, ast.keyword) and node.arg == "strict")


def _put(parent: ast.AST, field: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[place] = node


def _told(statement: ast.AST) -> str:
    """Write a statement; of a block its head."""
    head = copy.copy(statement)
    for field in ("body", "orelse", "handlers", "finalbody", "decorator_list"):
        if isinstance(getattr(head, field, None), list):
            setattr(head, field, [])
    return ast.unparse(head)


def _others(node: ast.AST, *, is_condition: bool) -> Iterator[ast.AST]:
    """Give what may stand in a node's place."""
    if is_condition and isinstance(node, ast.expr) and not isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp):
        yield ast.UnaryOp(ast.Not(), node)
    match node:
        case ast.Compare():
            for place, operator in enumerate(node.ops):
                for other in COMPARISONS[type(operator)]:
                    yield _changed(node, ops=[*node.ops[:place], other(), *node.ops[place + 1 :]])
        case ast.BoolOp():
            yield _changed(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        case ast.BinOp() | ast.AugAssign() if type(node.op) in OPERATORS:
            yield _changed(node, op=OPERATORS[type(node.op)]())
        case ast.UnaryOp():
            yield node.operand
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float() as number):
            yield ast.Constant(number + 1)
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            yield _changed(node, func=ast.Name(CALLS[name], ast.Load()))
        case ast.Call(func=ast.Attribute(attr=name)) if name in CALLS:
            yield _changed(node, func=_changed(node.func, attr=CALLS[name]))
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield ast.Return(ast.Constant(None))
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()
        case ast.Raise() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield ast.Pass()


def _changed(node: Any, **fields: Any) -> Any:
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other
