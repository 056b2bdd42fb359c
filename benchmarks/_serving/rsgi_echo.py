"""Parse and answer, no model: what granian itself costs."""

import model
import msgspec
from granian import Granian

decode = msgspec.json.Decoder(dict[str, list[list[float]]]).decode
encode = msgspec.json.Encoder().encode


async def app(scope, protocol):
    rows = decode(await protocol())["instances"]
    protocol.response_bytes(200, [("content-type", "application/json")], encode({"predictions": [0] * len(rows)}))


if __name__ == "__main__":
    Granian("rsgi_echo:app", port=model.PORT, interface="rsgi").serve()
