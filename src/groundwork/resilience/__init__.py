"""Retry, and pipelines whose finished work survives a crash."""

from groundwork.resilience._backoff import Backoff
from groundwork.resilience._clock import Clock, SystemClock
from groundwork.resilience._journal import Journal, MemoryJournal
from groundwork.resilience._pipeline import Pipeline, Step
from groundwork.resilience._result import (
    PipelineResult,
    PipelineStatus,
    StepResult,
    StepStatus,
    result_of,
)
from groundwork.resilience._retry import Retry, retry

__all__ = [
    "Backoff",
    "Clock",
    "Journal",
    "MemoryJournal",
    "Pipeline",
    "PipelineResult",
    "PipelineStatus",
    "Retry",
    "Step",
    "StepResult",
    "StepStatus",
    "SystemClock",
    "result_of",
    "retry",
]
