"""From what a user names to the model that a server serves.

Rule: a run means the model that it left, and is looked at anew when the server looks for newer models; a file, a
checkpoint or a store is passed on as it is.
"""

from functools import partial
from pathlib import Path
from typing import Any

from groundwork.project._runs import find_run
from groundwork.project._served import model_folder, model_notices
from groundwork.serving import Latest


def find_model(source: str | Path, *, force: bool = False) -> tuple[str, Any, list[str]]:
    """Return what a source means.

    Args:
        source: A run's folder, as ``runs/latest``; a checkpoint, a store of checkpoints; an ``.onnx``, ``.pt`` or
            ``.pt2`` file.
        force: Also take the model of a run that missed a gate.

    Returns:
        A name for it; the model, for ``serving.serve``; what whoever uses it should know.

    Raises:
        RunNotFoundError: It is none of these.
        GateMissedError: The run missed a gate and nobody forces it.
        ModelNotFoundError: The run left no model.
    """
    path = Path(source)
    if path.is_file():
        return path.stem, path, []
    if (path / "manifest.json").is_file() or any(path.glob("step-*")):
        return path.resolve().name, path, []
    run = find_run(path)
    model_folder(run, force=force)
    return run.info.project, Latest(partial(_model_of, path, force)), model_notices(run)


def _model_of(path: Path, force: bool) -> Path:
    return model_folder(find_run(path), force=force)
