"""Create, check, repair and fingerprint a Python environment."""
