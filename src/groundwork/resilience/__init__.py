"""Retry, circuit breakers, and pipelines whose finished work survives a crash."""

from groundwork.resilience._attempts import Attempt
from groundwork.resilience._backoff import Backoff
from groundwork.resilience._breaker import CircuitBreaker
from groundwork.resilience._breaker_hooks import BreakerChange, BreakerHook, BreakerSnapshot
from groundwork.resilience._breaker_registry import BreakerRegistry
from groundwork.resilience._breaker_states import BreakerState
from groundwork.resilience._budget import RetryBudget
from groundwork.resilience._clock import Clock, SystemClock
from groundwork.resilience._deadline import check_deadline, deadline, remaining_s
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
from groundwork.resilience._retry_hooks import RetryAttempt, RetryHook
from groundwork.resilience._window import CountWindow, TimeWindow

__all__ = [
    "Attempt",
    "Backoff",
    "BreakerChange",
    "BreakerHook",
    "BreakerRegistry",
    "BreakerSnapshot",
    "BreakerState",
    "CircuitBreaker",
    "Clock",
    "CountWindow",
    "Journal",
    "MemoryJournal",
    "Pipeline",
    "PipelineResult",
    "PipelineStatus",
    "Retry",
    "RetryAttempt",
    "RetryBudget",
    "RetryHook",
    "Step",
    "StepResult",
    "StepStatus",
    "SystemClock",
    "TimeWindow",
    "check_deadline",
    "deadline",
    "remaining_s",
    "result_of",
    "retry",
]
