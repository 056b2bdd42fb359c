"""How a mutant gets into a process: into functions that are there already, or on import.

Rule: no file is written, so whoever is killed leaves no mutant behind. A function keeps its identity, with whatever
decorates it; only its code is exchanged.
"""

import gc
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from groundwork.testing._mutants import compile_mutant


class ImportMutant(MetaPathFinder, Loader):
    """Makes the import of one file give its mutant.

    Args:
        file: The file.
        number: Which of its changes.
    """

    def __init__(self, file: Path, number: int) -> None:
        self._file = file.resolve()
        self._number = number

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module as Python does, and take the place of its loader if it is this file."""
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is None:
                continue
            if spec.origin is None or Path(spec.origin).resolve() != self._file:
                return spec
            found = spec_from_loader(fullname, self, origin=spec.origin, is_package=self._file.name == "__init__.py")
            assert found is not None, "a name and a loader make a spec"
            found.submodule_search_locations = spec.submodule_search_locations
            found.has_location = True
            return found
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to Python."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant as the module's code."""
        exec(compile_mutant(self._file, self._number), vars(module))  # noqa: S102 - what a loader does


def loaded_from(file: Path) -> list[ModuleType]:
    """List the modules that a file has been imported as.

    Args:
        file: The file, resolved.

    Returns:
        Often one, or none.
    """
    found = []
    for module in list(sys.modules.values()):
        origin = getattr(module, "__file__", None)
        if isinstance(origin, str) and origin.endswith(file.name) and Path(origin).resolve() == file:
            found.append(module)
    return found


def functions_by_code(files: Iterable[Path]) -> dict[CodeType, list[FunctionType]]:
    """Find the functions that are there of some files.

    Args:
        files: The files, resolved.

    Returns:
        Code to the functions that have it: one for most, several for what a decorator defines anew each time.
    """
    names = {str(file) for file in files}
    known: dict[str, bool] = {}
    found: dict[CodeType, list[FunctionType]] = {}
    for each in gc.get_objects():
        if not isinstance(each, FunctionType):
            continue
        name = each.__code__.co_filename
        if name not in known:
            known[name] = str(Path(name).resolve()) in names
        if known[name]:
            found.setdefault(each.__code__, []).append(each)
    return found


def exchange(functions: dict[CodeType, list[FunctionType]], mutant: CodeType, name: str, first_line: int) -> bool:
    """Give the functions of one place the code of the mutant.

    Args:
        functions: Those that are there.
        mutant: Code of the whole module, with the change.
        name: Qualified name of the outermost function around the change.
        first_line: Where it begins.

    Returns:
        Whether all that is there now runs the mutant; if not, only a new process can.
    """
    new = next((code for code in _codes(mutant) if (code.co_qualname, code.co_firstlineno) == (name, first_line)), None)
    old = [code for code in functions if (code.co_qualname, code.co_firstlineno) == (name, first_line)]
    if new is None or not old or Path(old[0].co_filename).resolve() != Path(mutant.co_filename).resolve():
        return False
    return all(_exchange_tree(functions, code, new) for code in old)


def _exchange_tree(functions: dict[CodeType, list[FunctionType]], old: CodeType, new: CodeType) -> bool:
    if old == new:
        return True
    for function in functions.get(old, ()):
        if old.co_freevars != new.co_freevars:
            return False
        function.__code__ = new
    pairs = list(zip_longest(_inner(old), _inner(new)))
    if any(one is None or two is None or one.co_name != two.co_name for one, two in pairs):
        # A function inside has gone with the change: only what is defined from now on would know.
        return not any(one in functions for one, _ in pairs if one is not None)
    return all(_exchange_tree(functions, one, two) for one, two in pairs if one is not None and two is not None)


def _inner(code: CodeType) -> list[CodeType]:
    return [each for each in code.co_consts if isinstance(each, CodeType)]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in _inner(code):
        yield from _codes(each)
