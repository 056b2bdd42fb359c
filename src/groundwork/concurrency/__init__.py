"""Bounded asynchronous work: the batcher."""
