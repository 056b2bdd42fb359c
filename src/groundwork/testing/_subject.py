"""Find and load the implementation that a contract is held against.

Rule: a subject can always be loaded again by another process: by its import name, or by the path of its file.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

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
    if not path.is_file():
        raise UsageError(f"{path} is not a file; pass the Python file that holds the implementation")
    name = f"{_PREFIX}{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} cannot be imported; pass a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickles look a class's module up by name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


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
