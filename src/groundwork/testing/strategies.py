"""Hypothesis strategies: tables by their schema, fault plans, streams of requests.

Rule: what they draw is valid by what it was asked for, and shrinks to the smallest that still fails. They need
hypothesis, which is no dependency of groundwork: ``pip install hypothesis``.
"""

from groundwork.testing._strategies_data import datasets
from groundwork.testing._strategies_faults import fault_plans
from groundwork.testing._strategies_requests import Request, request_streams

__all__ = ["Request", "datasets", "fault_plans", "request_streams"]
