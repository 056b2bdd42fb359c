"""Drivers of several ages, played by scripts that answer as their nvidia-smi does."""

import platform
from types import SimpleNamespace

import pytest

from groundwork.environment import _gpu
from groundwork.environment._gpu import check_gpu

A100 = "NVIDIA A100-SXM4-40GB, 40960 MiB, 550.54.15, 8.0"
RTX5090 = "NVIDIA GeForce RTX 5090, 32607 MiB, 570.86.10, 12.0"
V100 = "Tesla V100-SXM2-16GB, 16160 MiB, 440.33.01"
HEADER = "| NVIDIA-SMI {driver}     Driver Version: {driver}     CUDA Version: {cuda}     |"
# What newer drivers print.
NEW_HEADER = "| NVIDIA-SMI {driver}     KMD Version: {driver}     CUDA UMD Version: {cuda}     |"


@pytest.fixture
def look(subject, tmp_path, monkeypatch):
    """Judge a machine whose nvidia-smi is a script, and a torch with the given lines in its version.py."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()

    def judge(script=None, torch=None):
        one = subject()
        if script is not None:
            command = tmp_path / "bin/nvidia-smi"
            command.write_text(f"#!/bin/sh\n{script}\n")
            command.chmod(0o755)
        if torch is not None:
            (tmp_path / "site/torch").mkdir()
            (tmp_path / "site/torch/version.py").write_text(torch)
        return list(check_gpu(one))

    return judge


def answers(rows, header="", fields="compute_cap"):
    """Write a script that answers a query for these fields with the rows, and a plain call with the header."""
    refusal = 'echo "Field \\"compute_cap\\" is not a valid field to query."; exit 2'
    asked = f'case "$1" in *compute_cap*) {refusal};; esac\n' if fields != "compute_cap" else ""
    return f"if [ $# = 0 ]; then echo '{header}'; exit 0; fi\n{asked}echo '{rows}'"


def build(version, cuda=None, hip=None):
    return "\n".join(
        [
            "from typing import Optional",
            f"__version__ = '{version}'",
            f"cuda: Optional[str] = {cuda!r}",
            f"hip: Optional[str] = {hip!r}",
        ]
    )


def brief(findings):
    return [(one.severity, one.found) for one in findings]


@pytest.mark.parametrize(
    ("rows", "header", "fields", "found"),
    [
        (A100, HEADER.format(driver="550.54.15", cuda="12.4"), "compute_cap", "driver 550.54.15; CUDA up to 12.4"),
        (A100, NEW_HEADER.format(driver="590.44.01", cuda="13.1"), "compute_cap", "CUDA up to 13.1"),
        (V100, HEADER.format(driver="440.33.01", cuda="10.2"), "old", "driver 440.33.01; CUDA up to 10.2"),
        (V100, "| NVIDIA-SMI 396.26     Driver Version: 396.26 |", "old", "CUDA up to 10.0"),
        (A100, "", "compute_cap", "CUDA up to 12.0"),
        ("Tesla K20, 4742 MiB, 319.37", "", "old", "driver 319.37"),
        ("Orin, [N/A], 540.4.0, [N/A]", "", "compute_cap", "Orin, [N/A], driver 540.4.0; CUDA up to 12.0"),
    ],
)
def test_drivers_of_every_age_are_told(look, rows, header, fields, found):
    if "396" in header:
        rows = rows.replace("440.33.01", "410.48")

    (one,) = look(answers(rows, header, fields))

    assert (one.severity, one.found.endswith(found)) == ("ok", True), one.found


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo 'driver mismatch' >&2; exit 9", "nvidia-smi fails: driver mismatch"),
        ("echo 'NVIDIA-SMI has failed'; exit 9", "nvidia-smi fails: NVIDIA-SMI has failed"),
        ("exit 0", "nvidia-smi fails: it answers ''"),
        ("echo '<html>'; exit 0", "nvidia-smi fails: it answers '<html>'"),
        ("echo 'a, b, c'; exit 0", "nvidia-smi fails: it answers 'a, b, c'"),
        ("printf '\\377\\376\\000'", "nvidia-smi fails: it answers '\ufffd\ufffd\\x00'"),
    ],
)
def test_driver_that_fails_or_talks_nonsense_is_a_warning(look, script, found):
    (one,) = look(script)

    assert (one.severity, one.found, one.fix) == ("warning", found, "sudo reboot")


def test_driver_that_hangs_is_a_warning(look, monkeypatch):
    monkeypatch.setattr(_gpu, "_ANSWER_S", 0.05)

    assert brief(look("exec /bin/sleep 600")) == [("warning", "nvidia-smi fails: no answer within 0.05 s")]


def test_driver_command_that_does_not_start_is_a_warning(look, tmp_path):
    (tmp_path / "bin/nvidia-smi").write_bytes(b"\x7fELF")
    (tmp_path / "bin/nvidia-smi").chmod(0o755)

    ((severity, found),) = brief(look())

    assert (severity, found.startswith("nvidia-smi fails: it does not start")) == ("warning", True)


def test_driver_without_a_device_is_fine(look):
    assert brief(look("echo 'No devices were found'; exit 6")) == [
        ("ok", "a driver, but no device; models train on the processor")
    ]


@pytest.mark.parametrize(("system", "found"), [("linux", "none; models train"), ("darwin", "Apple silicon")])
def test_no_graphics_processor_is_fine(look, monkeypatch, system, found):
    monkeypatch.setattr(_gpu, "sys", SimpleNamespace(platform=system))
    monkeypatch.setattr(platform, "machine", lambda: "arm64")

    (one,) = look(torch=build("2.9.0+cu128", "12.8"))

    assert (one.severity, one.found.startswith(found)) == ("ok", True)


@pytest.mark.parametrize(
    ("rows", "cuda", "torch", "expected"),
    [
        (A100, "12.4", build("2.9.0+cu128", "12.8"), []),
        (A100, "12.4", build("2.0.1+cu117", "11.7"), []),
        (A100, "12.4", "garbage", []),
        (
            A100,
            "12.4",
            build("2.10.0+cu130", "13.0"),
            [("error", "torch 2.10.0+cu130 needs CUDA 13.0; driver 550.54.15 ends at 12.4")],
        ),
        (
            V100,
            "10.2",
            build("2.1.0", "12.1"),
            [("error", "torch 2.1.0 needs CUDA 12.1; driver 440.33.01 ends at 10.2")],
        ),
        (
            RTX5090,
            "12.8",
            build("2.5.1+cu124", "12.4"),
            [("error", "torch 2.5.1+cu124 is built for CUDA 12.4, which does not know the NVIDIA GeForce RTX 5090")],
        ),
        (RTX5090, "12.8", build("2.7.0+cu128", "12.8"), []),
        (
            A100,
            "12.4",
            build("2.9.0+cpu"),
            [("warning", "torch 2.9.0+cpu is built for the processor alone")],
        ),
        (
            A100,
            "12.4",
            build("2.9.0+rocm6.4", hip="6.4.1"),
            [("warning", "torch 2.9.0+rocm6.4 is built for ROCm 6.4.1")],
        ),
    ],
)
def test_torch_must_suit_driver_and_device(look, rows, cuda, torch, expected):
    first, *others = look(answers(rows, HEADER.format(driver="1.0", cuda=cuda)), torch)

    assert (first.severity, brief(others)) == ("ok", expected)
    assert all("torch" in one.fix for one in others)


def test_mend_without_uv_names_the_newest_cuda_that_will_do(look):
    _, one = look(answers(A100, HEADER.format(driver="1.0", cuda="12.4")), build("2.10.0", "13.0"))

    assert one.fix == "install torch for CUDA 12.4 or older, as pytorch.org/get-started says"


def test_mend_with_uv_lets_it_choose_the_build(look, tmp_path):
    (tmp_path / "bin/uv").write_text("")
    (tmp_path / "bin/uv").chmod(0o755)

    _, one = look(answers("Tesla K20, 4742 MiB, 319.37", "", "old"), build("2.9.0+cpu"))

    assert one.fix.endswith("--torch-backend=auto --reinstall-package torch torch")
