"""The groundwork command."""

from groundwork.cli._main import main

__all__ = ["main"]
