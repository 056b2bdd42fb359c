from groundwork.course._door import *  # noqa: F403
from groundwork.course._door import __all__ as __all__
