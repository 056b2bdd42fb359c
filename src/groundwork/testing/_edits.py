"""What can be changed at one place of a syntax tree: operators, conditions, constants, returns and statements.

Rule: an edit keeps the kind of what stood there, as far as can be seen, so that a test has to notice it and not Python.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], str]] = {
    ast.Lt: (ast.LtE, "< becomes <="),
    ast.LtE: (ast.Lt, "<= becomes <"),
    ast.Gt: (ast.GtE, "> becomes >="),
    ast.GtE: (ast.Gt, ">= becomes >"),
    ast.Eq: (ast.NotEq, "== becomes !="),
    ast.NotEq: (ast.Eq, "!= becomes =="),
    ast.Is: (ast.IsNot, "is becomes is not"),
    ast.IsNot: (ast.Is, "is not becomes is"),
    ast.In: (ast.NotIn, "in becomes not in"),
    ast.NotIn: (ast.In, "not in becomes in"),
}
_CALCULATED: dict[type[ast.operator], tuple[type[ast.operator], str]] = {
    ast.Add: (ast.Sub, "+ becomes -"),
    ast.Sub: (ast.Add, "- becomes +"),
    ast.Mult: (ast.Div, "* becomes /"),
    ast.Div: (ast.Mult, "/ becomes *"),
    ast.FloorDiv: (ast.Div, "// becomes /"),
    ast.Mod: (ast.Mult, "% becomes *"),
    ast.Pow: (ast.Mult, "** becomes *"),
    ast.LShift: (ast.RShift, "<< becomes >>"),
    ast.RShift: (ast.LShift, ">> becomes <<"),
    ast.BitAnd: (ast.BitOr, "& becomes |"),
    ast.BitOr: (ast.BitAnd, "| becomes &"),
    ast.BitXor: (ast.BitAnd, "^ becomes &"),
}

_PLAIN = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.NamedExpr)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change to one node.

    Attributes:
        words: What is different, as ``< becomes <=``.
        apply: Makes the change, in the tree.
    """

    words: str
    apply: Callable[[], None]


def edits(node: ast.AST, put: Callable[[ast.AST], None], *, raising: bool) -> Iterator[Edit]:
    """List what can be changed at a node itself, not below it.

    Args:
        node: The node.
        put: Puts another one in its place.
        raising: Whether it is part of an error, whose words are no behaviour.

    Yields:
        The changes; at most one of them is to be applied.
    """
    yield from _of_operators(node, put)
    yield from _of_conditions(node)
    yield from _of_statements(node, put)
    if isinstance(node, ast.Constant):
        other = _other(node.value, raising=raising)
        if other is not None:
            yield Edit(f"{node.value!r} becomes {other!r}", _instead(node, put, ast.Constant(other)))


def _of_operators(node: ast.AST, put: Callable[[ast.AST], None]) -> Iterator[Edit]:
    match node:
        case ast.Compare(ops=ops):
            for nth, op in enumerate(ops):
                kind, words = _COMPARED[type(op)]
                yield Edit(words, _put_at(ops, nth, kind()))
        case ast.BinOp(op=op, left=left, right=right) if type(op) in _CALCULATED and not _are_text(left, right):
            other, words = _CALCULATED[type(op)]
            yield Edit(words, _set(node, "op", other()))
        case ast.AugAssign(op=op, value=value) if type(op) in _CALCULATED and not _are_text(value):
            other, words = _CALCULATED[type(op)]
            yield Edit(words.replace(" becomes ", "= becomes ") + "=", _set(node, "op", other()))
        case ast.BoolOp(op=ast.And()):
            yield Edit("and becomes or", _set(node, "op", ast.Or()))
        case ast.BoolOp():
            yield Edit("or becomes and", _set(node, "op", ast.And()))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield Edit("not is left out", _instead(node, put, operand))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield Edit("- is left out", _instead(node, put, operand))


def _of_conditions(node: ast.AST) -> Iterator[Edit]:
    # Others, as a comparison, have an edit of their own.
    if isinstance(node, ast.If | ast.While | ast.IfExp) and isinstance(node.test, _PLAIN):
        turned = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
        yield Edit("the condition is turned round", _set(node, "test", turned))


def _of_statements(node: ast.AST, put: Callable[[ast.AST], None]) -> Iterator[Edit]:
    match node:
        case ast.Return(value=ast.Constant(value=value)) if not value:
            return  # too near to None to be told apart by most callers
        case ast.Return(value=ast.expr()):
            yield Edit("returns None", _set(node, "value", ast.Constant(None)))
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise() | ast.Delete():
            yield Edit("the statement is left out", _instead(node, put, ast.Pass()))
        case ast.Break():
            yield Edit("break becomes continue", _instead(node, put, ast.Continue()))
        case ast.Continue():
            yield Edit("continue becomes break", _instead(node, put, ast.Break()))


def _other(value: Any, *, raising: bool) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str() if value and not raising:
            return ""
    return None


def _are_text(*nodes: ast.AST) -> bool:
    # A text that is joined or filled in: the other operators do not exist for it, so any test at all sees them.
    return any(
        isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))
        for node in nodes
    )


def _instead(node: ast.AST, put: Callable[[ast.AST], None], other: ast.AST) -> Callable[[], None]:
    return lambda: put(ast.copy_location(other, node))


def _set(node: ast.AST, field: str, value: ast.AST) -> Callable[[], None]:
    return lambda: setattr(node, field, value)


def _put_at(nodes: list[Any], nth: int, value: ast.AST) -> Callable[[], None]:
    def put() -> None:
        nodes[nth] = value

    return put
