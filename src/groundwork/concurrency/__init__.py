"""Bounded asynchronous work: map and gather with a limit, files, HTTP, pipelines, the batcher, and the token bucket."""

from groundwork.concurrency._async_pipeline import AsyncPipeline, Stage, StageStats
from groundwork.concurrency._batcher import Batcher
from groundwork.concurrency._fetch import FetchOptions, fetch_all, fetch_stream
from groundwork.concurrency._fetched import Fetched, FetchProgress
from groundwork.concurrency._files import read_files, stream_files, write_files
from groundwork.concurrency._gather import gather_bounded
from groundwork.concurrency._map import map_async, map_stream
from groundwork.concurrency._token_bucket import TokenBucket

__all__ = [
    "AsyncPipeline",
    "Batcher",
    "FetchOptions",
    "FetchProgress",
    "Fetched",
    "Stage",
    "StageStats",
    "TokenBucket",
    "fetch_all",
    "fetch_stream",
    "gather_bounded",
    "map_async",
    "map_stream",
    "read_files",
    "stream_files",
    "write_files",
]
