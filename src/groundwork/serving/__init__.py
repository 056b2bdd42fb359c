"""An inference server for trained models."""
