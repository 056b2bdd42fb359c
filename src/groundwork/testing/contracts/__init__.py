"""The contracts, one module a part; each holds ``CONTRACT``."""
