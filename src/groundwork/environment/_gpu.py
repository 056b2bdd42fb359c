"""The check of the graphics processor, its driver, and the CUDA that torch was built for.

Rule: a driver serves the CUDA of its own major version and all older ones; a device needs a CUDA that knows its kind.
The driver is asked by ``nvidia-smi``, with a time limit; torch is read from its files, never imported.
"""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from groundwork.environment._finding import Finding, Severity
from groundwork.environment._mends import install
from groundwork.environment._subject import Subject, run_quietly

_ANSWER_S = 5.0
_FIELDS = ("name", "memory.total", "driver_version")
_CAPABILITY = "compute_cap"
# "CUDA Version: 12.4"; newer drivers tell that of the user-mode driver: "CUDA UMD Version: 13.1".
_CUDA = re.compile(r"CUDA(?: UMD| DRIVER)? Version\s*:\s*(\d+)\.(\d+)", re.IGNORECASE)
_VERSION = re.compile(r"\d+(?:\.\d+)+")
# The first driver branch on Linux of each major version; what is in between is compatible.
_BRANCHES = ((580, 13), (525, 12), (450, 11), (410, 10), (384, 9))
# The first CUDA that builds for a compute capability.
_KINDS = (((12, 0), (12, 8)), ((10, 0), (12, 8)), ((8, 9), (11, 8)), ((8, 6), (11, 1)), ((8, 0), (11, 0)))
_TORCH = re.compile(r"^(__version__|cuda|hip)\b[^=\n]*= '([^']*)'", re.MULTILINE)


@dataclass(frozen=True)
class _Device:
    name: str
    memory: str
    driver: str
    capability: tuple[int, int] | None

    def __str__(self) -> str:
        return ", ".join((self.name, self.memory, f"driver {self.driver}"))


class _Failure(Exception):
    pass


def check_gpu(subject: Subject) -> Iterator[Finding]:
    """Judge driver and devices, and whether torch can use them; no device is fine.

    Args:
        subject: The environment.

    Yields:
        One finding for the devices, and one for torch where it does not suit them.
    """
    torch = _torch(subject)
    nvidia_smi = shutil.which("nvidia-smi")
    if nvidia_smi is None:
        apple = sys.platform == "darwin" and platform.machine() == "arm64"
        yield Finding("gpu", "ok", "Apple silicon" if apple else "none; models train on the processor")
        return
    try:
        devices, cuda = _ask(nvidia_smi)
    except _Failure as failure:
        yield Finding("gpu", "warning", str(failure), "a driver that answers", _restart(), python=str(subject.python))
        return
    if not devices:
        yield Finding("gpu", "ok", "a driver, but no device; models train on the processor")
        return
    told = "; ".join(map(str, devices))
    yield Finding("gpu", "ok", f"{told}; CUDA up to {cuda[0]}.{cuda[1]}" if cuda else told)
    yield from _judge(subject, torch, devices, cuda)


def _judge(
    subject: Subject, torch: dict[str, str], devices: list[_Device], cuda: tuple[int, int] | None
) -> Iterator[Finding]:
    if not torch:
        return
    version, built = torch.get("__version__", "?"), torch.get("cuda", "")
    if not built:
        kind = f"for ROCm {torch['hip']}" if torch.get("hip") else "for the processor alone"
        fix = _other_build(subject, cuda)
        yield _unfit(subject, "warning", f"torch {version} is built {kind}", "a torch that uses the device", fix)
        return
    needed = _pair(built)
    if cuda is not None and needed[0] > cuda[0]:
        found = f"torch {version} needs CUDA {built}; driver {devices[0].driver} ends at {cuda[0]}.{cuda[1]}"
        yield _unfit(subject, "error", found, f"a torch for CUDA {cuda[0]}", _other_build(subject, cuda))
    for device in devices:
        least = _least_cuda(device.capability)
        if least is not None and needed < least:
            found = f"torch {version} is built for CUDA {built}, which does not know the {device.name}"
            expected = f"a torch for CUDA {least[0]}.{least[1]} or later"
            yield _unfit(subject, "error", found, expected, _other_build(subject, cuda))
            return


def _restart() -> str:
    # After an update the driver that runs and the one on disk differ until then.
    return "shutdown /r" if sys.platform == "win32" else "sudo reboot"


def _unfit(subject: Subject, severity: Severity, found: str, expected: str, fix: str) -> Finding:
    return Finding("gpu", severity, found, expected, fix, python=str(subject.python))


def _other_build(subject: Subject, cuda: tuple[int, int] | None) -> str:
    if shutil.which("uv") is not None:
        # uv looks at the driver and takes the build that suits it.
        return install(subject, "--torch-backend=auto", "--reinstall-package", "torch", "torch")
    newest = "the CUDA of the driver" if cuda is None else f"CUDA {cuda[0]}.{cuda[1]} or older"
    return f"install torch for {newest}, as pytorch.org/get-started says"


def _ask(nvidia_smi: str) -> tuple[list[_Device], tuple[int, int] | None]:
    fields: tuple[str, ...] = (*_FIELDS, _CAPABILITY)
    answer = _run(nvidia_smi, f"--query-gpu={','.join(fields)}", "--format=csv,noheader")
    if answer.returncode != 0 and _CAPABILITY in answer.stdout + answer.stderr:
        # Drivers before 510 do not know that field.
        fields = _FIELDS
        answer = _run(nvidia_smi, f"--query-gpu={','.join(fields)}", "--format=csv,noheader")
    said = (answer.stdout.strip() or answer.stderr.strip()).partition("\n")[0][:200]
    if "no devices were found" in (answer.stdout + answer.stderr).lower():
        return [], None
    if answer.returncode != 0:
        raise _Failure(f"nvidia-smi fails: {answer.stderr.strip().partition(chr(10))[0][:200] or said}")
    devices = [_device(line) for line in answer.stdout.splitlines() if line.strip()]
    if not devices or None in devices:
        raise _Failure(f"nvidia-smi fails: it answers {said!r}")
    known = [one for one in devices if one is not None]
    return known, _cuda_of(nvidia_smi, known[0].driver)


def _run(nvidia_smi: str, *options: str) -> subprocess.CompletedProcess[str]:
    try:
        return run_quietly([nvidia_smi, *options], timeout_s=_ANSWER_S)
    except subprocess.TimeoutExpired:
        raise _Failure(f"nvidia-smi fails: no answer within {_ANSWER_S:g} s") from None
    except OSError as error:
        raise _Failure(f"nvidia-smi fails: it does not start ({error.strerror})") from None


def _device(line: str) -> _Device | None:
    parts = [part.strip() for part in line.split(",")]
    if len(parts) not in (len(_FIELDS), len(_FIELDS) + 1) or not _VERSION.fullmatch(parts[2]):
        return None
    capability = _pair(parts[3]) if len(parts) > len(_FIELDS) and _VERSION.fullmatch(parts[3]) else None
    return _Device(parts[0], parts[1], parts[2], capability)


def _cuda_of(nvidia_smi: str, driver: str) -> tuple[int, int] | None:
    """Give the newest CUDA that a driver serves: as it says, or else as its branch is known to."""
    match = _CUDA.search(_run(nvidia_smi).stdout)
    if match is not None:
        return int(match[1]), int(match[2])
    branch = _pair(driver)[0]
    return next(((major, 0) for first, major in _BRANCHES if branch >= first), None)


def _least_cuda(capability: tuple[int, int] | None) -> tuple[int, int] | None:
    if capability is None:
        return None
    return next((cuda for kind, cuda in _KINDS if capability >= kind), None)


def _pair(version: str) -> tuple[int, int]:
    numbers = [*(int(part) for part in re.findall(r"\d+", version)), 0, 0]
    return numbers[0], numbers[1]


def _torch(subject: Subject) -> dict[str, str]:
    for folder in subject.site_packages:
        try:
            text = (folder / "torch" / "version.py").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        return dict(_TORCH.findall(text))
    return {}
