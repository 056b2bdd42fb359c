from groundwork.testing._door import *  # noqa: F403
from groundwork.testing._door import __all__ as __all__
