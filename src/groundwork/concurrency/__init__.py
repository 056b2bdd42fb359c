"""Bounded asynchronous work: gather with a limit, map with a limit, and the batcher."""

from groundwork.concurrency._batcher import Batcher
from groundwork.concurrency._gather import gather_bounded, map_async

__all__ = ["Batcher", "gather_bounded", "map_async"]
