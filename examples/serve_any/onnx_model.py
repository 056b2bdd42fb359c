"""Serve an ONNX model, made here from scikit-learn; any ``.onnx`` file with one row an example is served alike.

Run: ``python onnx_model.py [PORT]``. Needs ``pip install 'groundwork[onnx]' skl2onnx``.
"""

import sys
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor

from groundwork.serving import serve
from groundwork.storage import atomic_write

if __name__ == "__main__":
    path = Path("diabetes.onnx")
    if not path.exists():
        features, target = load_diabetes(return_X_y=True)
        model = GradientBoostingRegressor(random_state=0).fit(features, target)
        with atomic_write(path) as file:
            file.write(to_onnx(model, features[:1].astype(np.float32)).SerializeToString())
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    serve({"diabetes": path}, port=port, on_ready=lambda url: print(f"serving diabetes on {url}", flush=True))
