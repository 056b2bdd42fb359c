"""What a check fed in when it failed: read off the check's own text and the moment at which it failed.

Rule: nothing is run; the text says which calls of the implementation the failure is about and in which loops they
stand, the moment says what the names in them stood for. Cost: parsing one function, a millisecond.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from groundwork.testing._moment import Moment, describe

_MOST = 300
_CALLS = 6
_OURS = ("subject", "lab", "fresh")
# Methods of what an implementation gave back, by which a check looks at it.
_LOOKS = frozenset(name for kind in (dict, list, str, bytes, set, tuple) for name in dir(kind)) - {"get", "pop"}
_COPIES = ("clone", "copy")
# Names of loops that hold what is to come out, or the words for it.
_NO_INPUT = ("_", "expected", "found", "what", "naming")


def failing_input(function: Callable[..., Any], moment: Moment) -> str:
    """Say what an implementation was given when a check failed.

    Args:
        function: The check.
        moment: Where it was then.

    Returns:
        The calls, with values in the place of names, and the variables of the loops around them, on one line; empty
        where the check's text does not say, or is not installed.
    """
    root = _tree(function) if moment else None
    if root is None:
        return ""
    names = {name: text for name, value in function.__globals__.items() if (text := describe(value)) is not None}
    loops: dict[str, str] = {}
    calls: list[str] = []
    for line, variables in moment:
        names |= variables
        scope = _scope(root, line)
        if scope is None:
            continue
        found = _Calls(scope, line).about
        used = {name for call in found for name in _names(call)} | {
            alias for call in found for alias in _aliases(scope, call)
        }
        for targets in _loops(scope, line):
            if used.isdisjoint(targets):
                given = [name for name in targets if name in variables and not name.startswith(_NO_INPUT)]
                # Where the input itself cannot be written down, the check has words for it.
                words = [name for name in targets if name in variables and name.startswith("what")]
                loops |= {name: variables[name] for name in given or words}
        written = [text for call in found if (text := _written(call, names, _aliases_of(scope)))]
        calls = written or calls
    shown = ["...", *calls[-_CALLS:]] if len(calls) > _CALLS else calls
    told = ", ".join([*(["; ".join(shown)] if shown else []), *(f"{name}={text}" for name, text in loops.items())])
    return told if len(told) <= _MOST else f"{told[:_MOST]}..."


def _tree(function: Callable[..., Any]) -> ast.AST | None:
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return None
    ast.increment_lineno(tree, first - 1)
    return tree.body[0]


_Scope = ast.FunctionDef | ast.AsyncFunctionDef


def _scope(root: ast.AST, line: int) -> _Scope | None:
    """The innermost function around a line."""
    found = [node for node in ast.walk(root) if isinstance(node, _Scope) and _spans(node, line)]
    return max(found, key=lambda node: node.lineno, default=None)


def _spans(node: Any, line: int) -> bool:
    return bool(node.lineno <= line <= node.end_lineno)


def _inside(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function; of the functions in it only that they are there."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, _Scope | ast.ClassDef):
            yield from _inside(child)


def _loops(scope: _Scope, line: int) -> Iterator[list[str]]:
    """The names of each loop around a line, the outermost first."""
    loops = [node for node in _inside(scope) if isinstance(node, ast.For | ast.AsyncFor) and _spans(node, line)]
    for loop in sorted(loops, key=lambda node: node.lineno):
        yield _names(loop.target)


def _names(node: ast.AST) -> list[str]:
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]


def _aliases_of(scope: _Scope) -> dict[str, str]:
    """What stands for a loop's variable inside of a lambda, as ``lambda row=row: ...``."""
    found: dict[str, str] = {}
    for node in _inside(scope):
        if isinstance(node, ast.Lambda):
            for word, value in zip(reversed(node.args.args), reversed(node.args.defaults), strict=False):
                if isinstance(value, ast.Name):
                    found[word.arg] = value.id
    return found


def _aliases(scope: _Scope, call: ast.Call) -> Iterator[str]:
    known = _aliases_of(scope)
    yield from (known[name] for name in _names(call) if name in known)


class _Calls:
    """The calls of the implementation that a failure at a line is about.

    Those in the statement of the line; else those where a name in it came from; else the last before it. To a call of
    an object of the implementation belong those that were made of it before, from its making on.
    """

    def __init__(self, scope: _Scope, line: int) -> None:
        self._line = line
        self._made: dict[str, ast.Call] = {}
        self._history: dict[str, list[ast.Call]] = {}
        self._theirs = {"subject"}
        self.about: list[ast.Call] = []
        statements = [node for node in _inside(scope) if isinstance(node, ast.stmt) and node.lineno <= line]
        for statement in sorted(statements, key=lambda node: (node.lineno, node.col_offset)):
            if self._reaches(statement):
                break

    def _reaches(self, statement: ast.stmt) -> bool:
        """Look at one statement; tell whether it is the one of the line."""
        if isinstance(statement, _Scope):
            if any("subject" in _names(decorator) for decorator in statement.decorator_list):
                self._begin(statement.name, statement.decorator_list[-1])
            return False
        here = _spans(statement, self._line) and not getattr(statement, "body", None)
        # What stands in a lambda, or in a partial, is called by the statement that fails, if at all.
        own = list(_own(statement, deferred=here))
        calls = [node for node in own if isinstance(node, ast.Call) and self._is_theirs(node)]
        calls = [call for call in calls if not _expects(call)] or (calls if here else [])
        came = list(dict.fromkeys(node.id for node in own if isinstance(node, ast.Name) and node.id in self._made))
        if calls and not (here and came and all(map(_expects, calls))):
            self.about = self._with_history(calls[-1])
        elif here and came:
            self.about = self._with_history(self._made[came[0]], came[0])
        for call in calls:
            if (owner := self._owner(call)) in self._history:
                self._history[owner].append(call)
        for name in _targets(statement):
            if calls:
                self._made[name] = calls[-1]
                if _makes_an_object(calls[-1]):
                    self._begin(name, calls[-1])
            elif came:
                self._made[name] = self._made[came[-1]]
        return here

    def _begin(self, name: str, made: ast.expr) -> None:
        self._theirs.add(name)
        self._history[name] = [made] if isinstance(made, ast.Call) else []
        if isinstance(made, ast.Call):
            self._made[name] = made

    def _with_history(self, call: ast.Call, owner: str = "") -> list[ast.Call]:
        owner = owner if owner in self._history else self._owner(call)
        before = self._history.get(owner, [])
        return [*before, *([call] if call not in before else [])]

    def _is_theirs(self, call: ast.Call) -> bool:
        if any(isinstance(each, ast.Name) and each.id == "subject" for each in call.args):
            return True
        if _partial_of(call) is not None or _attribute_of(call.func) is not None:
            return True
        callee = call.func
        if isinstance(callee, ast.Attribute):
            owner = callee.value
            return isinstance(owner, ast.Name) and (
                owner.id == "subject" or (owner.id in self._theirs and callee.attr not in _LOOKS)
            )
        return not self._theirs.isdisjoint(_names(callee))

    def _owner(self, call: ast.Call) -> str:
        """The object whose method is called, or that a function of ours works on."""
        callee = call.func.value if isinstance(call.func, ast.Attribute) else call.func
        words = [callee, *call.args]
        return next((word.id for word in words if isinstance(word, ast.Name) and word.id in self._history), "")


def _expects(call: ast.Call) -> bool:
    """Tell whether it is a function of ours that only looks."""
    return isinstance(call.func, ast.Name) and call.func.id.lstrip("_").startswith(("expect", "getattr", "kind"))


def _own(node: ast.AST, *, deferred: bool) -> Iterator[ast.AST]:
    """The nodes of a statement, without those of the statements in its body; what is only called later, if asked."""
    for child in ast.iter_child_nodes(node):
        later = isinstance(child, ast.Lambda) or (isinstance(child, ast.Call) and _partial_of(child) is not None)
        if not isinstance(child, ast.stmt | ast.ExceptHandler) and (deferred or not later):
            yield child
            yield from _own(child, deferred=deferred)


def _targets(statement: ast.stmt) -> Iterator[str]:
    for node in _own(statement, deferred=False):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _partial_of(call: ast.Call) -> ast.expr | None:
    if isinstance(call.func, ast.Name) and call.func.id == "partial" and call.args:
        first = call.args[0]
        theirs = isinstance(first, ast.Attribute) and isinstance(first.value, ast.Name) and first.value.id == "subject"
        if theirs or any(isinstance(word, ast.Name) and word.id == "subject" for word in call.args[1:]):
            return first
    return None


def _attribute_of(callee: ast.expr) -> ast.expr | None:
    """The name in ``getattr(subject, name)(...)``."""
    if isinstance(callee, ast.Call) and isinstance(callee.func, ast.Name) and callee.func.id == "getattr":
        return callee.args[1] if len(callee.args) > 1 else None
    return None


def _makes_an_object(call: ast.Call) -> bool:
    """By the name: a class, or one of our functions that take the subject; a decorator gives a function."""
    return not (isinstance(call.func, ast.Attribute) and call.func.attr[:1].islower())


class _Values(ast.NodeTransformer):
    """Puts values in the place of names, and leaves out what is the check's alone."""

    def __init__(self, names: dict[str, str], aliases: dict[str, str]) -> None:
        self._known = names
        self._stand_for = aliases

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._known.get(self._stand_for.get(node.id, node.id), node.id))

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name):
            return ast.Name(node.attr) if node.value.id in _OURS else node
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Attribute) and node.func.attr in _COPIES and not node.args:
            return self.visit(node.func.value)  # type: ignore[no-any-return]
        made = _partial_of(node)
        callee, words = (node.func, node.args) if made is None else (made, node.args[1:])
        kept = [self.visit(word) for word in words if not _is_ours(word)]
        named = [ast.keyword(word.arg, self.visit(word.value)) for word in node.keywords if not _is_ours(word.value)]
        named = [word for word in named if word.arg or ast.unparse(word.value) != "{}"]
        name = _attribute_of(callee)
        if name is not None:
            callee = ast.Name(ast.unparse(self.visit(name)).strip("'"))
        elif isinstance(callee, ast.Name):
            callee = ast.Name(callee.id.lstrip("_"))
        return ast.Call(callee if isinstance(callee, ast.Name) else self.visit(callee), kept, named)


def _is_ours(node: ast.expr) -> bool:
    owner = node.value if isinstance(node, ast.Attribute) else node
    return isinstance(owner, ast.Name) and owner.id in _OURS


def _written(call: ast.Call, names: dict[str, str], aliases: dict[str, str]) -> str:
    if isinstance(call.func, ast.Name) and not any(_is_data(each, names) for each in [*call.args, *call.keywords]):
        return ""  # one of the check's own functions, and nothing that can be shown
    return " ".join(ast.unparse(_Values(names, aliases).visit(call)).split())


def _is_data(node: ast.AST, names: dict[str, str]) -> bool:
    return any(isinstance(each, ast.Constant) or getattr(each, "id", None) in names for each in ast.walk(node))
