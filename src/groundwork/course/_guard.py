"""What a learner's file may not reach for: the library's own answer, the grader, the network.

Rule: a file of the learner's imports nothing of groundwork but its errors and what the exercise allows, and reads none
of its source. Its text is looked at before it runs; an audit hook looks at what it does; and the answers are hidden
where the kernel lets us. It keeps honest people honest and tells them so in a sentence: it is no security, and
``docs/grading.md`` says what gets past it. Cost: 2 ms a process, 2 us an opened file.
"""

import importlib
import os
import pathlib
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.util import source_from_cache
from pathlib import Path
from threading import get_ident
from types import FrameType
from typing import TYPE_CHECKING, Any

from groundwork.course._answers import Answers, Refused, entry_of, files_of, is_below
from groundwork.course._limits import hide

if TYPE_CHECKING:
    import ast

_COURSE = Path(__file__).resolve().parent
_PACKAGE = str(_COURSE.parent) + os.sep
_ALWAYS = ("groundwork.errors",)
_IMPORTING = (f"{os.sep}importlib{os.sep}", "<frozen importlib")
_PATHS = str(Path(pathlib.__file__).with_suffix(""))  # a file up to 3.12, a folder after
_LOOKS = frozenset(("gc.get_objects", "gc.get_referrers", "gc.get_referents", "sys._current_frames"))
_FRAMES = frozenset(("tb_frame", "gi_frame", "cr_frame", "ag_frame", "f_back", "f_locals"))
_REFUSED = "is refused: it is what you are to write; README.md says what may be imported"


def allowed_imports(contract_module: str, solution: Path) -> tuple[str, ...]:
    """Say which modules of groundwork a file may import.

    Args:
        contract_module: Of the exercise.
        solution: The file; one of the course's own may import all of groundwork.

    Returns:
        Names of modules; what is below them counts too.
    """
    if solution.is_relative_to(_COURSE.parent):
        return ("groundwork",)
    return (*_ALWAYS, *entry_of(contract_module).get("allows", ()))


def provided_modules(contract_module: str) -> list[str]:
    """List the folders of what an exercise gives beside the file to be written, as a module to be tested.

    Args:
        contract_module: Of the exercise.

    Returns:
        Paths.
    """
    folder = entry_of(contract_module).get("folder")
    return [] if folder is None else [str(_COURSE / "exercises" / folder / "starter")]


def warm_modules(contract_module: str) -> list[str]:
    """List the modules that are imported once for all files of an exercise.

    Args:
        contract_module: Of the exercise.

    Returns:
        Their names.
    """
    return list(entry_of(contract_module).get("warm", ()))


def refusal_of(source: str, allows: Iterable[str]) -> str | None:
    """Look at a file's text for what it may not import.

    Args:
        source: The text.
        allows: See ``allowed_imports``.

    Returns:
        A sentence with the line, or None. A text that is no Python has none: importing it will say so.
    """
    import ast

    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    allowed = tuple(allows)
    texts = _documentation(tree)
    for node in ast.walk(tree):
        for name in _names(node, texts):
            if not is_allowed(name, allowed):
                return f"line {node.lineno}: importing {name} {_REFUSED}"  # type: ignore[attr-defined]
    return None


def is_allowed(name: str, allows: Iterable[str]) -> bool:
    """Say whether a module may be imported.

    Args:
        name: Of the module.
        allows: See ``allowed_imports``.

    Returns:
        True for what is not groundwork's, and for what is allowed.
    """
    if name != "groundwork" and not name.startswith("groundwork."):
        return True
    return is_below(name, allows)


def _names(node: "ast.AST", documentation: "set[ast.AST]") -> Iterator[str]:
    import ast

    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        module = str(node.module)
        # ``from groundwork import errors`` names a module below it.
        yield from (f"{module}.{alias.name}" if module == "groundwork" else module for alias in node.names)
    elif isinstance(node, ast.Constant) and node not in documentation and _is_module(node.value):
        yield str(node.value)


def _is_module(text: object) -> bool:
    if not isinstance(text, str):
        return False
    first, *rest = text.split(".")
    if first != "groundwork" or not rest or not all(part.isidentifier() for part in rest):
        return False
    path = _COURSE.parent.joinpath(*rest)
    return path.is_dir() or path.with_suffix(".py").is_file()


def _documentation(tree: "ast.AST") -> "set[ast.AST]":
    import ast

    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def guard(allows: Iterable[str], folder: str, answers: Answers) -> None:
    """Refuse, in this process and for good, what the learner's code may not do.

    Args:
        allows: See ``allowed_imports``.
        folder: Where the learner's files are.
        answers: What is refused to whoever asks, the checks included. Where the kernel lets us they are not even there
            any more, for this process and all that it starts.
    """
    hidden = not answers.places or hide(answers.places)
    refused = Refused(answers, {} if hidden else dict(files_of(answers.places)))
    allowed, looking = tuple(allows), sys._getframe
    own = folder.rstrip(os.sep) + os.sep
    plain = importlib.import_module
    if "groundwork" not in allowed:
        importlib.import_module = _importing(plain, allowed, own)
    busy: set[int] = set()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _WATCHED or (thread := get_ident()) in busy:
            return
        busy.add(thread)  # what looking itself does is not looked at, but what another thread does meanwhile is
        try:
            _look(event, arguments, looking(1), allowed, own, refused)
        finally:
            busy.discard(thread)

    sys.addaudithook(hook)


_GRADER = frozenset(("object.__getattr__", "sys._getframe")) | _LOOKS
_WATCHED = frozenset(("import", "open", "socket.connect", "socket.sendto")) | _GRADER


def _look(
    event: str,
    arguments: tuple[Any, ...],
    frame: FrameType | None,
    allowed: tuple[str, ...],
    own: str,
    refused: Refused,
) -> None:
    if event == "import":
        name = str(arguments[0])
        if not is_allowed(name, allowed) and not (_is_ours(_importer(frame)) and not refused.has(name)):
            raise ImportError(f"importing {name} {_REFUSED}")
    elif event == "open":
        path = arguments[0]
        if answer := refused.opened(*arguments):
            raise PermissionError(f"reading groundwork/{answer.removeprefix(_PACKAGE)} {_REFUSED}")
        if isinstance(path, str) and path.startswith(_PACKAGE) and path.endswith((".py", ".pyc")):
            # Where a module has been compiled before, loading it from its file reads that.
            source = source_from_cache(path) if path.endswith(".pyc") else path
            _look_at_reading(source.removeprefix(_PACKAGE), frame, allowed)
    elif event.startswith("socket."):
        address = arguments[1]
        if isinstance(address, tuple) and address and not _is_loopback(str(address[0])):
            raise PermissionError(f"connecting to {address[0]} is refused: only loopback is there while you are graded")
    elif frame is not None and frame.f_code.co_filename.startswith(own):
        _refuse_a_look(event, arguments)


def _refuse_a_look(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "object.__getattr__" or arguments[1] in _FRAMES:
        raise PermissionError(f"{event} is refused: what grades you is not yours to look at")


def _look_at_reading(path: str, frame: FrameType | None, allowed: tuple[str, ...]) -> None:
    # Whoever shows a traceback reads source as well, and can do without.
    module = "groundwork." + path.removesuffix(".py").replace(os.sep, ".").removesuffix(".__init__")
    given = f"{os.sep}starter{os.sep}" in path
    if not given and not is_allowed(module, allowed) and not _is_ours(_importer(frame)):
        raise PermissionError(f"reading groundwork/{path} {_REFUSED}")


def _importer(frame: FrameType | None) -> str:
    # A path that is read is read by whoever asks it to.
    while frame is not None and (
        any(part in frame.f_code.co_filename for part in _IMPORTING) or frame.f_code.co_filename.startswith(_PATHS)
    ):
        frame = frame.f_back
    return frame.f_code.co_filename if frame is not None else ""


def _is_ours(filename: str) -> bool:
    return filename.startswith(_PACKAGE)


def _is_loopback(host: str) -> bool:
    import ipaddress

    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _importing(plain: Callable[..., Any], allowed: tuple[str, ...], own: str) -> Callable[..., Any]:
    # A module that the checks have loaded already is found without an event.
    def import_module(name: str, package: str | None = None) -> Any:
        if sys._getframe(1).f_code.co_filename.startswith(own) and not is_allowed(name, allowed):
            raise ImportError(f"importing {name} {_REFUSED}")
        return plain(name, package)

    return import_module
