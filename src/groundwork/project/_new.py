"""A new project that runs at once.

Rule: it appears whole or not at all, and needs nothing but an index of packages: groundwork itself lies beside it as a
wheel whose hash its lock holds. A second of work, no network.
"""

import keyword
import os
import random
import re
import shutil
import sys
from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from groundwork.errors import ConfigurationError, EnvironmentBroken
from groundwork.project._own_wheel import write_own_wheel

# A template is made of folders, the later over the earlier.
_LAYERS = {"tabular": ("tabular",), "service": ("tabular", "service"), "library": ("tabular", "library")}
TEMPLATES = tuple(_LAYERS)
_NAME = re.compile(r"[A-Za-z]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_SUFFIX = ".tmpl"
# What is imported under another name than that of its package in the lock; a package so called would hide it.
_TAKEN = frozenset({"groundwork", "tests", "test", "src", "attr", "dateutil", "pil", "sklearn", "yaml"})


def new_project(folder: str | Path, *, template: str = "tabular") -> Path:
    """Make a project with everything that it needs to run, be tested and be served.

    Args:
        folder: Where it shall stand; its last part is the project's name. It must not exist, or be empty.
        template: One of ``TEMPLATES``.

    Returns:
        The folder.

    Raises:
        ConfigurationError: No such template, a name that cannot be a package's, or a folder that holds something.
        EnvironmentBroken: The folder cannot be written, or groundwork is not installed.
    """
    folder = Path(os.path.abspath(folder))
    package = _package(folder.name)
    if template not in TEMPLATES:
        raise ConfigurationError(f"there is no template {template!r}", hint=f"there is: {', '.join(TEMPLATES)}")
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise ConfigurationError(f"{folder} is there already", hint="name a folder that does not exist yet")
    if folder == Path.cwd():
        # A shell that stands there would be left in a folder that is gone.
        raise ConfigurationError(
            f"{folder} is the current folder, which cannot be replaced",
            hint=f"cd .. && groundwork new {folder.name}",
        )
    try:
        _make(folder, template, {"@NAME@": folder.name, "@PACKAGE@": package})
    except OSError as error:
        raise EnvironmentBroken(
            f"cannot make {folder}: {error.strerror or error}", hint="name a place that you may write"
        ) from error
    return folder


def _make(folder: Path, template: str, words: dict[str, str]) -> None:
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    missing = [parent for parent in folder.parents if not parent.exists()]
    try:
        beside.mkdir(parents=True)
        _fill(beside, template, words)
        if folder.exists():
            folder.rmdir()
        os.rename(beside, folder)
    except BaseException:
        # Ctrl-C too: nothing is left, and no folder on the way to it.
        shutil.rmtree(beside, ignore_errors=True)
        with suppress(OSError):
            for parent in missing:
                parent.rmdir()
        raise


def _package(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot be a project's name",
            hint="begin with a letter; then letters, digits, and . - _ in between, as in churn-model",
        )
    package = re.sub(r"[._-]+", "_", name).lower()
    if keyword.iskeyword(package) or package in sys.stdlib_module_names or package in _TAKEN | _locked():
        raise ConfigurationError(
            f"a package named {package!r} would hide another one", hint=f"choose a longer name, as {name}-model"
        )
    return package


def _locked() -> set[str]:
    lock = _templates().joinpath("requirements.lock").read_text(encoding="ascii")
    return {name.replace("-", "_") for name in re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE)}


def _templates() -> Traversable:
    return files(__package__).joinpath("templates")


def _fill(folder: Path, template: str, words: dict[str, str]) -> None:
    for name in ("wheels", "data"):
        (folder / name).mkdir()
    version, pin = write_own_wheel(folder / "wheels")
    templates = _templates()
    for layer in _LAYERS[template]:
        _copy(templates.joinpath(layer), folder, {**words, "@VERSION@": version})
    lock = templates.joinpath("requirements.lock").read_text(encoding="ascii")
    before, first, rest = lock.partition("\nhttptools==")
    _write(folder / "requirements.lock", f"{before}\n{pin}{first.lstrip()}{rest}")
    _write(folder / "data" / "customers.csv", _customers())


def _copy(source: Traversable, target: Path, words: dict[str, str]) -> None:
    target.mkdir(exist_ok=True)
    for one in source.iterdir():
        # Stored under names that no tool of ours takes for its own: dot-gitignore.tmpl is .gitignore.
        name = _filled(one.name.removesuffix(_SUFFIX), words)
        name = f".{name.removeprefix('dot-')}" if name.startswith("dot-") else name
        if one.is_dir():
            _copy(one, target / name, words)
        else:
            _write(target / name, _filled(one.read_text(encoding="utf-8"), words))


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _customers(rows: int = 2000, seed: int = 0) -> str:
    """Invent customers, who leave the likelier the more they call, the dearer their plan and the newer they are."""
    rng = random.Random(seed)
    lines = ["customer,country,plan,months,monthly_fee,calls,left"]
    for number in range(1, rows + 1):
        plan = rng.choice(("basic", "plus", "pro"))
        months = rng.randint(1, 72)
        fee = round({"basic": 9.0, "plus": 19.0, "pro": 39.0}[plan] * rng.uniform(0.8, 1.2), 2)
        calls = min(rng.randint(0, 9), rng.randint(0, 9))
        odds = 0.08 + 0.07 * calls + 0.004 * fee - 0.004 * months
        left = int(rng.random() < min(max(odds, 0.02), 0.95))
        cells = [
            number,
            rng.choice(("AT", "DE", "FR", "IT")),
            plan,
            months,
            fee,
            "" if number % 40 == 0 else calls,
            left,
        ]
        lines.append(",".join(map(str, cells)))
    return "\n".join(lines) + "\n"
