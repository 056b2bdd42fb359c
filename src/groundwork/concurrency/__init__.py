"""Bounded asynchronous work: gather with a limit, map with a limit, the batcher, and the token bucket."""

from groundwork.concurrency._batcher import Batcher
from groundwork.concurrency._gather import gather_bounded, map_async
from groundwork.concurrency._token_bucket import TokenBucket

__all__ = ["Batcher", "TokenBucket", "gather_bounded", "map_async"]
