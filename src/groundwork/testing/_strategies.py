"""Hypothesis, or a sentence that says how to get it."""

try:
    import hypothesis
    from hypothesis import strategies
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    # An ImportError, which pytest.importorskip understands.
    raise ModuleNotFoundError(
        "groundwork.testing.strategies needs hypothesis, which is not installed: pip install hypothesis",
        name="hypothesis",
    ) from error

__all__ = ["hypothesis", "strategies"]
