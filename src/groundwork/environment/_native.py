"""Native libraries and hardware that results depend on: processor, C library, BLAS, OpenMP, CUDA, driver, devices.

Rule: read from names of files and from a few small ones; nothing is imported, loaded or run. What a library really does
with them (the threads it starts) is its own to say. Cost: about 1 ms.
"""

import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

# What the machine is, in contrast to what is installed on it: an unchanged environment may start on another one.
MACHINE = ("cpu", "driver", "gpu")

_BLAS = re.compile(r"(lib)?(scipy_openblas|openblas|mkl_rt|blis|flexiblas|cblas|blas)[^/]*(\.so|\.dylib|\.dll)")
_OPENMP = re.compile(r"(lib)?(gomp|iomp5|omp|vcomp)[-0-9a-f._]*(\.so|\.dylib|\.dll)")
_BUILT_WITH = re.compile(r'"blas": \{\s*"name": "([^"]*)",.*?"version": "([^"]*)"', re.DOTALL)
_TORCH = re.compile(r"^(cuda|hip)\b[^=\n]*= '([^']+)'", re.MULTILINE)
_TOOLKIT = re.compile(r'"cuda"\s*:\s*\{[^}]*"version"\s*:\s*"([^"]+)"')
_CPU_FIELDS = ("model name", "cpu model", "CPU implementer", "CPU part")
# Wheels for Linux and Windows keep libraries in <package>.libs; these keep them in folders of their own.
_FOLDERS = {
    "numpy/.dylibs": "numpy",
    "scipy/.dylibs": "scipy",
    "sklearn/.dylibs": "scikit-learn",
    "torch/lib": "torch",
}


def native(folders: Iterable[str], *, prefix: str = sys.prefix, root: Path = Path("/")) -> dict[str, str | None]:
    """Describe the native side of an environment.

    Args:
        folders: Where packages are imported from.
        prefix: The environment.
        root: Of the file system.

    Returns:
        Text by name (``cpu``, ``libc``, ``blas``, ``openmp``, ``cuda``, ``driver``, ``gpu``); None where there is none,
        or where this system does not tell.
    """
    found = dict(_bundles(folders))
    found.setdefault("environment", _names(os.path.join(prefix, "bin" if os.name == "nt" else "lib")))
    built = _built_with(folders)
    if "numpy" in built and not any(map(_BLAS.match, _all(found))):
        found["system"] = _names_of_the_system(root)
    return {
        "cpu": _processor(root),
        "libc": _c_library(),
        "blas": _told(found, _BLAS, built),
        "openmp": _told(found, _OPENMP, {}),
        "cuda": _cuda(folders, root),
        "driver": _driver(root),
        "gpu": _devices(root),
    }


def _bundles(folders: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    seen: set[str] = set()
    for folder in folders:
        places = {name: name.removesuffix(".libs").replace("_", "-") for name in _names(folder, ".libs")}
        for place, package in (places | _FOLDERS).items():
            names = _names(os.path.join(folder, place))
            if names and package not in seen:
                seen.add(package)
                yield package, names


def _told(found: Mapping[str, list[str]], kind: re.Pattern[str], built: Mapping[str, str]) -> str | None:
    """Write down who has which libraries, as ``numpy: scipy-openblas 0.3.31 (libscipy_openblas64_-32a4b2a6.so)``."""
    parts = []
    for owner in sorted({*found, *built}):
        files = ", ".join(name for name in found.get(owner, ()) if kind.match(os.path.basename(name)))
        version = built.get(owner, "")
        if files or version:
            parts.append(f"{owner}: " + (f"{version} ({files})" if files and version else files or version))
    return "; ".join(parts) or None


def _built_with(folders: Iterable[str]) -> dict[str, str]:
    versions: dict[str, str] = {}
    for folder in folders:
        for package in ("numpy", "scipy"):
            match = _BUILT_WITH.search(_text(os.path.join(folder, package, "__config__.py")))
            if match is not None:
                versions.setdefault(package, f"{match[1]} {match[2]}")
    return versions


def _names_of_the_system(root: Path) -> list[str]:
    # Distributions choose among several by a link, whose target tells which.
    libraries = root / "usr/lib"
    links = [libraries / "libblas.so.3", *libraries.glob("*-linux-*/libblas.so.3"), root / "usr/lib64/libblas.so.3"]
    targets = {Path(os.path.realpath(link)) for link in links if link.exists()}
    return sorted(f"{target.parent.name}/{target.name}" for target in targets)


def _cuda(folders: Iterable[str], root: Path) -> str | None:
    parts = []
    for folder in folders:
        text = _text(os.path.join(folder, "torch", "version.py"))
        if text:
            parts += [f"torch: {kind} {version}".replace("cuda ", "") for kind, version in _TORCH.findall(text)]
            break
    toolkit = _TOOLKIT.search(_text(root / "usr/local/cuda/version.json"))
    if toolkit is not None:
        parts.append(f"toolkit: {toolkit[1]}")
    return "; ".join(parts) or None


def _driver(root: Path) -> str | None:
    kinds = ("nvidia", "amdgpu")
    found = [(kind, _text(root / "sys/module" / kind / "version").strip()) for kind in kinds]
    return "; ".join(f"{kind} {version}" for kind, version in found if version) or None


def _devices(root: Path) -> str | None:
    gpus = root / "proc/driver/nvidia/gpus"
    models = []
    for name in _names(gpus):
        match = re.search(r"^Model:\s*(.+)$", _text(gpus / name / "information"), re.MULTILINE)
        models.append(match[1].strip() if match else "unknown")
    counts = {model: models.count(model) for model in sorted(models)}
    return "; ".join(f"{count} x {model}" for model, count in counts.items()) or None


@cache
def _processor(root: Path) -> str | None:
    # The first processor is enough, and on a big machine the whole file takes a while to make.
    try:
        with open(root / "proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            head = file.read(4096).partition("\n\n")[0]
    except OSError:
        return platform.processor() or None
    fields = dict(re.findall(r"^([^:\n]+?)[\t ]*:[\t ]*(.+)$", head, re.MULTILINE))
    return " ".join(str(fields[name]).strip() for name in _CPU_FIELDS if name in fields) or None


@cache
def _c_library() -> str | None:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    if sys.platform == "win32":
        return f"Windows {platform.version()}"
    try:
        return os.confstr("CS_GNU_LIBC_VERSION")
    except (OSError, ValueError):
        return None


def _all(found: Mapping[str, list[str]]) -> Iterator[str]:
    return (name for names in found.values() for name in names)


def _names(folder: str | Path, suffix: str = "") -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(suffix))
    except OSError:
        return []


def _text(path: str | Path) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
