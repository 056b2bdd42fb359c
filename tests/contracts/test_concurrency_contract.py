"""Bounded work, a rate, batches for a model, and a server around them."""

from proofs import ContractProofs

import groundwork.concurrency
import groundwork.serving
from groundwork.testing import Level
from groundwork.testing.contracts.concurrency import TOPICS


class TestConcurrencyContract(ContractProofs):
    number = "06"
    doors = (groundwork.concurrency, groundwork.serving)
    long = (Level.CRASH, Level.LOAD)
    # The others, of a server, take nothing from chance.
    seeded = tuple(
        check for topic, names in TOPICS.items() if hasattr(groundwork.concurrency, names[0]) for check in topic
    )
