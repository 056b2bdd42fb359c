"""Preprocessing, training, evaluation, and the model that takes raw rows."""
