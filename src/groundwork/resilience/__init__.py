"""Retry, and pipelines whose finished work survives a crash."""

from groundwork.resilience._attempts import Attempt
from groundwork.resilience._backoff import Backoff
from groundwork.resilience._budget import RetryBudget
from groundwork.resilience._clock import Clock, SystemClock
from groundwork.resilience._deadline import check_deadline, deadline, remaining_s
from groundwork.resilience._events import Event, Observer, RunEvent, StepEvent
from groundwork.resilience._journal import Journal, MemoryJournal
from groundwork.resilience._log_context import log_context
from groundwork.resilience._logging import JsonFormatter, LogSetup, configure_logging, log_events
from groundwork.resilience._otel import otel_observer
from groundwork.resilience._pipeline import Pipeline
from groundwork.resilience._result import (
    PipelineResult,
    PipelineStatus,
    StepResult,
    StepStatus,
    result_of,
)
from groundwork.resilience._retry import Retry, retry
from groundwork.resilience._retry_hooks import RetryAttempt, RetryHook
from groundwork.resilience._step import Step

__all__ = [
    "Attempt",
    "Backoff",
    "Clock",
    "Event",
    "Journal",
    "JsonFormatter",
    "LogSetup",
    "MemoryJournal",
    "Observer",
    "Pipeline",
    "PipelineResult",
    "PipelineStatus",
    "Retry",
    "RetryAttempt",
    "RetryBudget",
    "RetryHook",
    "RunEvent",
    "Step",
    "StepEvent",
    "StepResult",
    "StepStatus",
    "SystemClock",
    "check_deadline",
    "configure_logging",
    "deadline",
    "log_context",
    "log_events",
    "otel_observer",
    "remaining_s",
    "result_of",
    "retry",
]
