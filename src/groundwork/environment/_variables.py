"""Environment variables that change what a program computes.

Rule: a closed list of names, none of which holds a secret; None says unset, and a value that means unset is unset.
"""

import os
import sys
from collections.abc import Mapping

# Libraries sum in another order with another number of threads, and the last bits of a model differ.
THREADS = (
    "BLIS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
    "MKL_DYNAMIC",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_DYNAMIC",
    "OMP_NUM_THREADS",
    "OMP_THREAD_LIMIT",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

# The order of sets and dicts of texts; asserts; local times.
_INTERPRETER = ("PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONUTF8", "TZ")

# Which instructions and which algorithms the numeric libraries choose.
_NUMERICS = (
    "ATEN_CPU_CAPABILITY",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_LAUNCH_BLOCKING",
    "DNNL_MAX_CPU_ISA",
    "KMP_DETERMINISTIC_REDUCTION",
    "LD_PRELOAD",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
    "NVIDIA_TF32_OVERRIDE",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
    "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_ONEDNN_OPTS",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "XLA_FLAGS",
)

# Schedulers hand out another device at each start.
DEVICES = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")


def thread_variables(environ: Mapping[str, str] = os.environ) -> dict[str, str | None]:
    """Return what sets the number of threads.

    Args:
        environ: The variables.

    Returns:
        Value by name; None where unset.
    """
    return {name: environ.get(name) or None for name in THREADS}


def other_variables(environ: Mapping[str, str] = os.environ) -> dict[str, str | None]:
    """Return what else changes results: seeds, instruction sets, algorithms, devices.

    Args:
        environ: The variables.

    Returns:
        Value by name; None where unset.
    """
    return {name: _meaning(name, environ) for name in (*DEVICES, *_INTERPRETER, *_NUMERICS)}


def _meaning(name: str, environ: Mapping[str, str]) -> str | None:
    value = environ.get(name)
    if name in DEVICES:
        return value  # an empty one hides every device
    if name.startswith("PYTHON") and sys.flags.ignore_environment:
        return None  # python -E and -I pass it over
    if name == "PYTHONHASHSEED" and value == "random":
        return None
    if name == "LD_PRELOAD" and value:
        # Where a library lies is the machine's business; which one it is decides.
        return " ".join(os.path.basename(one) for one in value.replace(":", " ").split())
    return value or None
