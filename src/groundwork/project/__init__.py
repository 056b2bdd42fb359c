"""A pipeline.yaml, its runs, and what a run leaves behind."""
