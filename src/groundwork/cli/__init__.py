"""The groundwork command."""

from groundwork.cli._entry import main

__all__ = ["main"]
