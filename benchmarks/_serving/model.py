"""The model that every server serves, chosen by MODEL in the environment; the same code for all."""

import os
import time

COLUMNS = 1024 if os.environ.get("MODEL") == "wide" else 30


class Cost:
    """Takes 5 ms and 0.1 ms an item, waiting as for an accelerator."""

    def predict(self, rows):
        time.sleep(0.005 + 0.0001 * len(rows))
        return [1] * len(rows)


def _wide():
    """A linear model of 1,024 columns: 256 rows of them are 1 MiB of FP32."""
    import numpy as np
    from sklearn.linear_model import LinearRegression

    rows = np.random.default_rng(0).random((64, COLUMNS))
    return LinearRegression().fit(rows, rows.sum(axis=1))


def _cancer():
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression()).fit(*load_breast_cancer(return_X_y=True))


def load():
    return {"cost": Cost, "wide": _wide}.get(os.environ.get("MODEL"), _cancer)()


def predict(model, rows):
    """Return one plain number for each row."""
    results = model.predict(rows)
    return results.tolist() if hasattr(results, "tolist") else results


PORT = int(os.environ.get("PORT", "8000"))
MAX_BATCH = int(os.environ.get("MAX_BATCH", "64"))
WAIT_MS = 2
