"""YAML as people read it: the core schema of YAML 1.2, and nothing that runs code.

Rule: a scalar is a number, a boolean or null only if the core schema of YAML 1.2 says so; all else is text. So ``no``
is text, ``1:30`` is text, ``1e-4`` a number and ``010`` ten, where PyYAML's own loader says False, 90, text and 8.
PyYAML scans and parses; resolving and building are ours. One pass over the nodes; what aliases repeat is bounded.
"""

import re
from collections.abc import Callable, Hashable
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from groundwork.errors import InvalidDataError

KeyPath = tuple[str | int, ...]
Lines = dict[KeyPath, tuple[int, int]]

MAX_DEPTH = 100
MAX_ALIASED_NODES = 10_000

TAG = "tag:yaml.org,2002:"
_CORE: tuple[tuple[str, str, str], ...] = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
)


class _CoreResolver(BaseResolver):
    """Which plain scalars are not text."""


def add_core_schema(resolver: type[BaseResolver]) -> None:
    """Teach a PyYAML resolver which plain scalars are null, booleans or numbers.

    Args:
        resolver: The class, or that of a loader or dumper.
    """
    for name, pattern, first in _CORE:
        initials = ["" if char == "\0" else char for char in first]
        resolver.add_implicit_resolver(TAG + name, re.compile(rf"^(?:{pattern})\Z"), initials)


add_core_schema(_CoreResolver)


class _NodeReader(Reader, Scanner, Parser, Composer, _CoreResolver):
    """Text to nodes, to a bounded depth."""

    # YAML 1.2 allows in quotes whatever JSON does, DEL among it; PyYAML's own pattern is that of YAML 1.1.
    NON_PRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\U0010ffff]")  # type: ignore[misc]

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        _CoreResolver.__init__(self)
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem=f"nested deeper than {MAX_DEPTH} levels",
                problem_mark=self.get_mark(),
            )
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def load_yaml(text: str, *, source: str = "<text>") -> Any:
    """Read one YAML document under the core schema of YAML 1.2.

    Args:
        text: The document; JSON is YAML too.
        source: Name of the file, for messages.

    Returns:
        Dicts, lists, text, numbers, booleans and None; None for an empty document.

    Raises:
        InvalidDataError: The text is not such a document; the context has file, line and column. Also for a key given
            twice, merge keys (``<<``), tags beyond the core schema, and aliases that multiply.
    """
    return load_yaml_with_lines(text, source)[0]


def load_yaml_with_lines(text: str, source: str = "<text>") -> tuple[Any, Lines]:
    """Read one YAML document and where each of its entries stands.

    Args:
        text: The document.
        source: Name of the file, for messages.

    Returns:
        The value, and a mapping from the path of each entry, as ``("model", "params", "max_depth")``, to the line and
        column of its key (of the item itself in a list), both from 1. An empty document has no lines.

    Raises:
        InvalidDataError: As ``load_yaml``.
    """
    try:
        node = _NodeReader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, source) from error
    except yaml.reader.ReaderError as error:
        line, column = text.count("\n", 0, error.position) + 1, error.position - text.rfind("\n", 0, error.position)
        shown = ascii(chr(error.character)) if isinstance(error.character, int) else ascii(error.character)
        raise _error(f"the character {shown} is not allowed in YAML", source, line, column) from error
    if node is None:
        return None, {}
    builder = _Builder(source)
    return builder.build(node, ()), builder.lines


class _Builder:
    """Nodes to values, remembering where each stood."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: Lines = {}
        self.open: list[yaml.Node] = []
        self.seen: set[int] = set()
        self.repeated = 0

    def build(self, node: yaml.Node, path: KeyPath) -> Any:
        self.lines.setdefault(path, _position(node))
        self.guard_aliases(node)
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if node.tag not in (TAG + "map", TAG + "seq"):
            raise self.error(f"the tag {_shown(node.tag)} is not supported", node)
        self.open.append(node)
        built: Any
        if isinstance(node, yaml.MappingNode):
            built = self.mapping(node, path)
        else:
            built = [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        self.open.pop()
        return built

    def guard_aliases(self, node: yaml.Node) -> None:
        if any(node is parent for parent in self.open):
            raise self.error("an alias refers to what it is part of", node)
        if len(self.open) > MAX_DEPTH:  # each alias may go on where another has ended
            raise self.error(f"aliases nest deeper than {MAX_DEPTH} levels", node)
        self.repeated += id(node) in self.seen
        self.seen.add(id(node))
        if self.repeated > MAX_ALIASED_NODES:
            raise self.error(f"aliases repeat more than {MAX_ALIASED_NODES:,} entries", node)

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[Hashable, Any]:
        built: dict[Hashable, Any] = {}
        first: dict[Hashable, int] = {}
        for key_node, value_node in node.value:
            key = self.key(key_node)
            line, column = _position(key_node)
            if key in built:
                raise self.error(f"the key {key!r} is given twice, first in line {first[key]}", key_node)
            first[key] = line
            at = (*path, key)
            self.lines[at] = (line, column)
            built[key] = self.build(value_node, at)
        return built

    def key(self, node: yaml.Node) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            raise self.error("a key must be text or a number, not a list or a mapping", node)
        if node.value == "<<" and node.style is None:
            raise self.error("merge keys (<<) are not part of YAML 1.2; write the keys out", node)
        self.guard_aliases(node)
        return self.scalar(node)

    def scalar(self, node: yaml.ScalarNode) -> Any:
        construct = _SCALARS.get(node.tag)
        if construct is None:
            raise self.error(f"the tag {_shown(node.tag)} is not supported", node)
        try:
            return construct(node.value)
        except UnicodeDecodeError as error:
            raise self.error("the text holds half of a surrogate pair", node) from error
        except (ValueError, KeyError) as error:
            raise self.error(f"{node.value[:40]!r} is not a valid {_shown(node.tag)}", node) from error

    def error(self, problem: str, node: yaml.Node) -> InvalidDataError:
        return _error(problem, self.source, *_position(node))


def _integer(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    return sign * int(digits, {"0o": 8, "0x": 16}.get(digits[:2], 10))


def _number(text: str) -> float:
    if "_" in text:
        raise ValueError(text)
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


def _text(text: str) -> str:
    # JSON writes what lies beyond the 16-bit plane as two escapes; YAML's parser leaves the two halves apart.
    if any("\ud800" <= char <= "\udfff" for char in text):
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    return text


_SCALARS: dict[str, Callable[[str], Any]] = {
    TAG + "null": lambda text: {"": None, "~": None, "null": None}[text.lower()],
    TAG + "bool": lambda text: {"true": True, "false": False}[text.lower()],
    TAG + "int": _integer,
    TAG + "float": lambda text: _number(text.lower()),
    TAG + "str": _text,
}


def _position(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _shown(tag: str) -> str:
    return tag.replace(TAG, "!!")


def _syntax_error(error: yaml.MarkedYAMLError, source: str) -> InvalidDataError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = error.problem or "not YAML"
    hint = "indent with spaces, not tabs" if "'\\t'" in problem else None
    if error.context and error.context.startswith("expected a single document"):
        problem, hint = "a second document begins here; only one is expected", None
    return _error(problem, source, line, column, hint)


def _error(problem: str, source: str, line: int, column: int, hint: str | None = None) -> InvalidDataError:
    context = {"file": source, "line": line, "column": column, "problem": problem}
    return InvalidDataError(f"{source}:{line}: {problem}", hint=hint, context=context)
