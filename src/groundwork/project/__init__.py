"""A pipeline.yaml, its runs, and what a run leaves behind."""

from groundwork.project._compare import Comparison, compare_runs
from groundwork.project._compare_metrics import MetricChange
from groundwork.project._compare_page import comparison_page
from groundwork.project._compare_slices import SliceChange
from groundwork.project._config import load_config
from groundwork.project._config_jsonschema import write_json_schema
from groundwork.project._config_schema import ProjectConfig
from groundwork.project._config_sections import STEP_NAMES
from groundwork.project._job import Job
from groundwork.project._new import TEMPLATES, new_project
from groundwork.project._predict import predict_file
from groundwork.project._report import render_report
from groundwork.project._run import Outcome, Watcher, run_project
from groundwork.project._runs import Run, RunInfo, RunStore, find_run
from groundwork.project._serve_config import ServeConfig, load_serve_config
from groundwork.project._served import model_folder, model_notices
from groundwork.project._sources import find_model
from groundwork.project._stand_ins import remarks

__all__ = [
    "STEP_NAMES",
    "TEMPLATES",
    "Comparison",
    "Job",
    "MetricChange",
    "Outcome",
    "ProjectConfig",
    "Run",
    "RunInfo",
    "RunStore",
    "ServeConfig",
    "SliceChange",
    "Watcher",
    "compare_runs",
    "comparison_page",
    "find_model",
    "find_run",
    "load_config",
    "load_serve_config",
    "model_folder",
    "model_notices",
    "new_project",
    "predict_file",
    "remarks",
    "render_report",
    "run_project",
    "write_json_schema",
]
