"""Files that are never torn, checkpoints that are never lost."""

from proofs import ContractProofs

import groundwork.storage
from groundwork.testing import Level
from groundwork.testing.contracts.storage import CONTRACT


class TestStorageContract(ContractProofs):
    number = "04"
    doors = (groundwork.storage,)
    seeded = tuple(check for check in CONTRACT if check.level in (Level.BASIC, Level.EDGE))
    long = (Level.CRASH, Level.LOAD)
