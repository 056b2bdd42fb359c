"""Files that are never torn, checkpoints that are never lost."""
