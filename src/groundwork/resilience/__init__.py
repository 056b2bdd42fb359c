"""Calls that survive what they call, and pipelines whose finished work survives a crash."""

from groundwork.resilience._attempts import Attempt
from groundwork.resilience._backoff import Backoff
from groundwork.resilience._breaker import CircuitBreaker
from groundwork.resilience._breaker_hooks import BreakerChange, BreakerHook, BreakerSnapshot
from groundwork.resilience._breaker_registry import BreakerRegistry
from groundwork.resilience._breaker_states import BreakerState
from groundwork.resilience._budget import RetryBudget
from groundwork.resilience._bulkhead import Bulkhead
from groundwork.resilience._bulkhead_hooks import BulkheadHook, BulkheadRefusal
from groundwork.resilience._clock import Clock, SystemClock
from groundwork.resilience._deadline import carry_deadline, check_deadline, deadline, deadline_header, remaining_s
from groundwork.resilience._events import Event, Observer, RunEvent, StepEvent
from groundwork.resilience._fallback import FallbackHook, FallbackServed, fallback
from groundwork.resilience._hedge import HedgeAttempt, HedgeHook, hedge
from groundwork.resilience._journal import Journal, MemoryJournal
from groundwork.resilience._log_context import log_context
from groundwork.resilience._logging import JsonFormatter, LogSetup, configure_logging, log_events
from groundwork.resilience._otel import otel_observer
from groundwork.resilience._pipeline import Pipeline
from groundwork.resilience._policy import Policy
from groundwork.resilience._result import (
    PipelineResult,
    PipelineStatus,
    StepResult,
    StepStatus,
    result_of,
)
from groundwork.resilience._retry import Retry, retry
from groundwork.resilience._retry_after import parse_retry_after
from groundwork.resilience._retry_hooks import RetryAttempt, RetryHook
from groundwork.resilience._step import Step
from groundwork.resilience._supervise import Restart, RestartHook, supervise
from groundwork.resilience._window import CountWindow, TimeWindow

__all__ = [
    "Attempt",
    "Backoff",
    "BreakerChange",
    "BreakerHook",
    "BreakerRegistry",
    "BreakerSnapshot",
    "BreakerState",
    "Bulkhead",
    "BulkheadHook",
    "BulkheadRefusal",
    "CircuitBreaker",
    "Clock",
    "CountWindow",
    "Event",
    "FallbackHook",
    "FallbackServed",
    "HedgeAttempt",
    "HedgeHook",
    "Journal",
    "JsonFormatter",
    "LogSetup",
    "MemoryJournal",
    "Observer",
    "Pipeline",
    "PipelineResult",
    "PipelineStatus",
    "Policy",
    "Restart",
    "RestartHook",
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
    "TimeWindow",
    "carry_deadline",
    "check_deadline",
    "configure_logging",
    "deadline",
    "deadline_header",
    "fallback",
    "hedge",
    "log_context",
    "log_events",
    "otel_observer",
    "parse_retry_after",
    "remaining_s",
    "result_of",
    "retry",
    "supervise",
]
