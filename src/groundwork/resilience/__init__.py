"""Retry, and pipelines whose finished work survives a crash."""
