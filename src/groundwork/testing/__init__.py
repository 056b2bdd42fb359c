"""Faults, virtual time and contracts for tests."""
