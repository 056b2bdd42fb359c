"""The groundwork command."""
