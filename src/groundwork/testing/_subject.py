"""Find and load the implementation that a contract is held against.

Rule: a subject can always be loaded again by another process: by its import name, or by the path of its file.
"""

import importlib
import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from groundwork.errors import UsageError

_PREFIX = "_groundwork_subject_"


def load_subject(source: str | Path) -> ModuleType:
    """Import an implementation afresh from a file, or by its module name.

    Args:
        source: A ``Path`` or a text that ends in ``.py``: the file; any other text: the name of a module.

    Returns:
        The module. One from a file is executed anew at each call.

    Raises:
        UsageError: There is no such file. What the module itself raises on import goes through.
    """
    if isinstance(source, str) and not source.endswith(".py"):
        return importlib.import_module(source)
    path = Path(source).resolve()
    if not path.is_file() or path.suffix != ".py":
        raise UsageError(f"{path} is not a Python file; pass the one that holds the implementation, it ends in .py")
    name = f"{_PREFIX}{path.stem}"
    loader = _FreshLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None, "never None where the loader is given"
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickles look a class's module up by name.
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class _FreshLoader(SourceFileLoader):
    """Compiles what stands in the file now: a cached .pyc may be older than an edit within the same second."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def source_of(subject: ModuleType) -> str:
    """Return what ``load_subject`` in another process needs to load the same implementation.

    Args:
        subject: A module.

    Returns:
        A module name, or the path of a file.
    """
    if subject.__name__.startswith(_PREFIX):
        return str(subject.__file__)
    return subject.__name__
