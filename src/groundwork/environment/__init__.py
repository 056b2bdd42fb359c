"""Create, check, repair and fingerprint a Python environment."""

from groundwork.environment._create import create
from groundwork.environment._ensure import ensure

__all__ = ["create", "ensure"]
