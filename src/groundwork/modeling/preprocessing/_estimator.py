"""What our transformers have in common with scikit-learn's.

Rule: they are scikit-learn estimators in every respect (clone, ``set_output``, names of columns, pipelines), and are
saved under the name of this package, so that files may move inside it. Cost: importing this imports scikit-learn;
the door does so only when one of the classes is asked for.
"""

from typing import Any

from sklearn.base import BaseEstimator, TransformerMixin

PACKAGE = "groundwork.modeling.preprocessing"
"""The module that a saved transformer names."""


class Transformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A transformer that learns from rows, gaps among them, and needs no target."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
