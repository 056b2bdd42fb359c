import os

import model

from groundwork.serving import serve

# Everything is on: validation, metrics, the adaptive limit, deadlines, and a share for each client that none uses up.
options = {"max_batch_rows": model.MAX_BATCH, "client_rate_per_s": 1e9, "client_burst": 1e9}
if os.environ.get("MODEL") == "wide":
    options["max_body_bytes"] = 16 * 2**20
serve({"cancer": model.load()}, port=model.PORT, **options)
