"""The checks of each part: one contract, any number of implementations."""
