"""Errors that are met: again, in time, or not at all."""

from proofs import ContractProofs

import groundwork.resilience


class TestResilienceContract(ContractProofs):
    number = "05"
    doors = (groundwork.resilience,)
