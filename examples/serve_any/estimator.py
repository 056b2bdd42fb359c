"""Serve a scikit-learn estimator from a checkpoint: no pickle is written, none is read.

Run: ``python estimator.py [PORT]``. The checkpoint is made on the first run and found on the next.
"""

import sys
from pathlib import Path

import polars as pl
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from groundwork.serving import serve
from groundwork.storage import CheckpointStore

if __name__ == "__main__":
    store = CheckpointStore(Path("iris-model"))
    if not store.list():
        data = load_iris()
        features = pl.DataFrame(data.data, schema=data.feature_names)  # the columns' names become the request's
        store.save(make_pipeline(StandardScaler(), LogisticRegression()).fit(features, data.target), step=1)
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    # A checkpoint saved later into the same folder is taken up without a restart.
    serve({"iris": Path("iris-model")}, port=port, on_ready=lambda url: print(f"serving iris on {url}", flush=True))
