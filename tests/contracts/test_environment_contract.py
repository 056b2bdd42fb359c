"""Settings that mean what they say, a doctor that looks, a fingerprint that tells what changed."""

from proofs import ContractProofs

import groundwork.environment
from groundwork.testing.contracts.environment import CONTRACT


class TestEnvironmentContract(ContractProofs):
    number = "01"
    doors = (groundwork.environment,)
    seeded = (CONTRACT["what_is_written_is_read_back"],)
