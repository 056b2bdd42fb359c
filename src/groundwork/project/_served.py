"""From a run to the model that it left."""

from pathlib import Path

from groundwork.errors import GateMissedError, ModelNotFoundError
from groundwork.project._runs import Run

_SERVED = {
    "model": "this model is the one that run {run} trained",
    "data": "this model was trained on the data that run {run} had read",
}


def model_folder(run: Run, *, force: bool = False) -> Path:
    """Return the checkpoint folder of a run's model.

    Args:
        run: The run.
        force: Also of a run that missed a gate.

    Returns:
        The folder, for ``modeling.load_model`` and ``serving.serve``.

    Raises:
        GateMissedError: The run missed a gate and nobody forces it.
        ModelNotFoundError: The run left no model; the message says what became of it.
    """
    result = run.result()
    folder: str | None = (result.data.get("checkpoint") or {}).get("folder")
    if folder is None or not (run.folder / folder).is_dir():
        failed = f": {result.errors[0]['message']}" if result.errors else ""
        raise ModelNotFoundError(
            f"run {run.info.id} is {result.status} and has no model{failed}",
            hint=f"groundwork run {run.info.project_path} goes on with it",
        )
    missed = [gate for gate in result.data["evaluate"]["gates"] if not gate["passed"]]
    if missed and not force:
        told = ", ".join(f"{gate['metric']} {gate['value']:.4f} (gate {gate['rule']})" for gate in missed)
        raise GateMissedError(f"run {run.info.id} missed its gates: {told}", hint="--force uses it all the same")
    return run.folder / folder


def model_notices(run: Run) -> list[str]:
    """Say what whoever uses a run's model should know of it.

    Args:
        run: The run.

    Returns:
        A sentence for each output of an earlier run that served in this one, with the reason.
    """
    return [
        f"{_SERVED[each['what']].format(**each)}, for step {each['step']} failed: {each['why']}"
        for each in run.result().metadata.get("served", [])
    ]
