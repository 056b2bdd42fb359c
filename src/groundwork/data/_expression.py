"""Polars expressions from text that may come from a file.

Rule: an expression can never run code, and never look at a row other than its own. We walk the syntax tree and build
only what the tables in ``_row_wise`` list; nothing is evaluated by Python. Cost: well under a millisecond each.
"""

import ast
import difflib
import operator
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import polars as pl

from groundwork.data._row_wise import DTYPES, FUNCTIONS, METHODS, NAMESPACES, OTHER_ROWS, RUNS_CODE, Signature
from groundwork.errors import ConfigurationError, first_line

_LONGEST = 4_000
_DEEPEST = 100

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
_INSTEAD: dict[type[ast.AST], str] = {
    ast.BoolOp: "use & and | with parentheses instead of and, or",
    ast.Not: "use ~ instead of not",
    ast.In: "use .is_in([...])",
    ast.NotIn: "use ~pl.col(...).is_in([...])",
    ast.Is: "use .is_null()",
    ast.IsNot: "use .is_not_null()",
    ast.IfExp: "use pl.when(...).then(...).otherwise(...)",
    ast.JoinedStr: "use pl.concat_str(...)",
}


def expression(text: str) -> pl.Expr:
    """Build a polars expression from its Python text, as ``pl.col('arr_delay') > 15``.

    Args:
        text: One expression: ``pl.col``, ``pl.lit``, ``pl.when``, operators, and the row-wise functions and methods
            that docs/data.md lists. A string stands for what it stands for in polars.

    Returns:
        The expression; it has one output and depends on its own row alone.

    Raises:
        ConfigurationError: It does not parse, or holds a part that is not allowed; the message names that part.
    """
    if not isinstance(text, str) or not text.strip():
        raise ConfigurationError(
            f"an expression must be text, not {text!r}", hint="for example pl.col('arr_delay') > 15"
        )
    built = _Builder(text.strip()).build()
    _check_outcome(text, built)
    return built


def expression_columns(text: str) -> set[str]:
    """Name the columns that an expression reads.

    Args:
        text: See ``expression``.

    Returns:
        The names; empty for a constant.

    Raises:
        ConfigurationError: See ``expression``.
    """
    return set(expression(text).meta.root_names())


def _check_outcome(text: str, built: pl.Expr) -> None:
    # polars reads some strings as column patterns; whatever way one came in, it shows here.
    patterns = [
        name for name in built.meta.root_names() if name == "*" or (name.startswith("^") and name.endswith("$"))
    ]
    if patterns or built.meta.has_multiple_outputs():
        raise ConfigurationError(
            f"expression {text!r}: {patterns[0] if patterns else text!r} stands for several columns",
            hint="name one column at a time, as pl.col('distance')",
            context={"expression": text},
        )


class _Builder:
    """Turns one syntax tree into an expression, part by part."""

    def __init__(self, text: str) -> None:
        self.text = text

    def build(self) -> pl.Expr:
        tree = self._parse()
        built = self._value(tree.body)
        if isinstance(built, bool | int | float | str):
            return pl.lit(built)
        if not isinstance(built, pl.Expr):
            self._refuse(tree.body, "it is not an expression over columns", "an expression starts at pl.col('name')")
        return built

    def _parse(self) -> ast.Expression:
        if len(self.text) > _LONGEST:
            raise ConfigurationError(f"expression of {len(self.text):,} characters; {_LONGEST:,} are allowed")
        try:
            tree = ast.parse(self.text, mode="eval")
        except SyntaxError as error:
            at = f" at character {error.offset}" if error.offset else ""
            raise ConfigurationError(
                f"expression {self.text!r} does not parse{at}: {error.msg}",
                hint="write Python syntax, for example pl.col('arr_delay') > 15",
                context={"expression": self.text},
            ) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise ConfigurationError(f"expression {self.text[:80]!r} does not parse: {error}") from None
        if _depth(tree) > _DEEPEST:
            raise ConfigurationError(f"expression {self.text[:80]!r}… is nested deeper than {_DEEPEST} levels")
        return tree

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Call():
                return self._call(node)
            case ast.BinOp():
                return self._apply(node, _BINARY.get(type(node.op)), node.left, node.right)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.Compare():
                return self._compare(node)
            case ast.Attribute():
                return self._dtype(node)
            case ast.List() | ast.Tuple():
                return [self._scalar(item) for item in node.elts]
            case ast.Dict():
                return self._mapping(node)
            case ast.Name():
                return self._refuse(node, "the only name is pl", "an expression starts at pl.col('name')")
            case _:
                return self._refuse(node, "this syntax is not part of expressions", _INSTEAD.get(type(node)))

    def _constant(self, node: ast.Constant) -> Any:
        value = node.value
        if value is not None and not isinstance(value, bool | int | float | str):
            self._refuse(node, "only numbers, text, True, False and None are constants")
        if isinstance(value, int) and abs(value) >= 2**63:
            self._refuse(node, "the number does not fit 64 bits")
        return value

    def _scalar(self, node: ast.expr) -> Any:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            value = self._constant(node.operand)
            return self._guarded(node, operator.neg, [value], {})
        if not isinstance(node, ast.Constant):
            self._refuse(node, "only constants may stand here")
        return self._constant(node)

    def _mapping(self, node: ast.Dict) -> dict[Any, Any]:
        if any(key is None for key in node.keys):
            self._refuse(node, "** is not part of expressions")
        keys = [self._scalar(key) for key in node.keys if key is not None]
        return dict(zip(keys, map(self._scalar, node.values), strict=True))

    def _apply(self, node: ast.expr, function: Callable[..., Any] | None, *operands: ast.expr) -> Any:
        if function is None:
            self._refuse(node, "this operator is not part of expressions")
        values = [self._value(operand) for operand in operands]
        for operand, value in zip(operands, values, strict=True):
            if not isinstance(value, pl.Expr | bool | int | float | str | None):
                self._refuse(operand, "only columns and constants can be operands")
        if not isinstance(values[0], pl.Expr) and not any(isinstance(value, pl.Expr) for value in values):
            # polars computes on constants too, in 64 bits: 9**9**9 must not keep Python busy for hours.
            values[0] = pl.lit(values[0])
        return self._guarded(node, function, values, {})

    def _unary(self, node: ast.UnaryOp) -> Any:
        if type(node.op) not in _UNARY:
            self._refuse(node, "this syntax is not part of expressions", _INSTEAD.get(type(node.op)))
        if isinstance(node.operand, ast.Constant) and isinstance(node.op, ast.USub):
            return self._scalar(node)
        return self._apply(node, _UNARY[type(node.op)], node.operand)

    def _compare(self, node: ast.Compare) -> Any:
        if len(node.ops) > 1:
            self._refuse(node, "comparisons cannot be chained", "use .is_between(low, high)")
        function = _COMPARE.get(type(node.ops[0]))
        if function is None:
            self._refuse(node, "this comparison is not part of expressions", _INSTEAD.get(type(node.ops[0])))
        return self._apply(node, function, node.left, node.comparators[0])

    def _dtype(self, node: ast.Attribute) -> Any:
        if not _is_pl(node.value):
            self._refuse_name(node, f".{node.attr}", node.attr, [*METHODS, *NAMESPACES], prefix=".")
        elif node.attr not in DTYPES:
            self._refuse_name(node, f"pl.{node.attr}", node.attr, [*FUNCTIONS, *DTYPES], prefix="pl.")
        return DTYPES[node.attr]

    def _call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Attribute):
            self._refuse(node.func, "only functions of pl and methods of columns can be called")
        name, owner = node.func.attr, node.func.value
        if _is_pl(owner):
            if name not in FUNCTIONS:
                self._refuse_name(node.func, f"pl.{name}", name, FUNCTIONS, prefix="pl.")
            return self._guarded(node, getattr(pl, name), *self._arguments(node, FUNCTIONS[name]))
        if isinstance(owner, ast.Attribute) and owner.attr in NAMESPACES and not _is_pl(owner.value):
            return self._method(node, name, owner.value, owner.attr)
        return self._method(node, name, owner, None)

    def _method(self, node: ast.Call, name: str, owner: ast.expr, namespace: str | None) -> Any:
        allowed = NAMESPACES[namespace] if namespace else METHODS
        prefix = f".{namespace}." if namespace else "."
        if name not in allowed:
            self._refuse_name(node.func, f"{prefix}{name}", name, allowed, prefix=prefix)
        subject = self._value(owner)
        if not isinstance(subject, pl.Expr | _WHEN):
            self._refuse(owner, "only a column has methods", "wrap a constant as pl.lit(...)")
        found = getattr(getattr(subject, namespace) if namespace else subject, name, None)
        if found is None:
            self._refuse(node, f"{prefix}{name} does not follow here", "write pl.when(...).then(...).otherwise(...)")
        return self._guarded(node, found, *self._arguments(node, allowed[name]))

    def _arguments(self, node: ast.Call, signature: Signature) -> tuple[list[Any], dict[str, Any]]:
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        if None in named or any(isinstance(argument, ast.Starred) for argument in node.args):
            self._refuse(node, "* and ** are not part of expressions")
        for extra in set(named) - set(signature.keywords):
            near = f"; it takes {', '.join(signature.keywords)}" if signature.keywords else ""
            self._refuse(node, f"the argument {extra} is not allowed here{near}")
        if not signature.least <= len(node.args) + len(named) or len(node.args) > signature.most:
            self._refuse(node, f"{len(node.args)} arguments given; it takes {signature.counts}")
        positional = [self._value(argument) for argument in node.args]
        keywords = {str(key): self._value(value) for key, value in named.items()}
        problem = signature.problem(positional, keywords)
        if problem:
            self._refuse(node, problem)
        return positional, keywords

    def _guarded(
        self, node: ast.expr, function: Callable[..., Any], positional: Iterable[Any], keywords: dict[str, Any]
    ) -> Any:
        try:
            return function(*positional, **keywords)
        except Exception as error:  # noqa: BLE001 - whatever polars objects to, the text is at fault
            self._refuse(node, f"polars refuses it: {first_line(error)}")

    def _refuse_name(self, node: ast.expr, what: str, name: str, allowed: Iterable[str], *, prefix: str) -> NoReturn:
        if name in OTHER_ROWS:
            self._refuse(node, f"{what} looks at other rows, and a derived column must depend on its own row alone")
        if name in RUNS_CODE or name.startswith("_"):
            self._refuse(node, f"{what} would run code")
        near = difflib.get_close_matches(name, list(allowed), n=3, cutoff=0.5)
        hint = "did you mean " + " or ".join(prefix + one for one in near) + "?" if near else None
        self._refuse(node, f"{what} is not a row-wise function of expressions", hint)

    def _refuse(self, node: ast.expr, why: str, hint: str | None = None) -> NoReturn:
        part = ast.get_source_segment(self.text, node) or self.text
        raise ConfigurationError(
            f"expression {self.text!r}: {part!r} is not allowed: {why}",
            hint=hint or "docs/data.md lists what an expression may hold",
            context={"expression": self.text, "part": part, "offset": node.col_offset},
        )


_WHEN = type(pl.when(True)) | type(pl.when(True).then(1).when(True))


def _is_pl(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "pl"


def _depth(tree: ast.AST) -> int:
    deepest, todo = 0, [(tree, 1)]
    while todo:
        node, depth = todo.pop()
        deepest = max(deepest, depth)
        todo.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    return deepest
