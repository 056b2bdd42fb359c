"""64 bits spread over 64 bits: the finaliser of splitmix64 (Steele et al., 2014)."""

import numpy as np
import numpy.typing as npt


def mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Spread bits one to one and in place; 0 stays 0.

    Args:
        values: What to spread; overwritten.

    Returns:
        The same array.
    """
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values
