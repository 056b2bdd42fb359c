import os

import model

from groundwork.serving import serve

options = {"max_body_bytes": 16 * 2**20} if os.environ.get("MODEL") == "wide" else {}
serve({"cancer": model.load()}, port=model.PORT, max_batch_rows=model.MAX_BATCH, **options)
