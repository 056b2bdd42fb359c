import litserve
import model


class Predict(litserve.LitAPI):
    def setup(self, device):
        self.estimator = model.load()

    def decode_request(self, request):
        return request["instances"][0]

    def batch(self, inputs):
        return inputs

    def predict(self, rows):
        return model.predict(self.estimator, rows)

    def unbatch(self, output):
        return output

    def encode_response(self, output):
        return {"predictions": [output]}


if __name__ == "__main__":
    api = Predict(max_batch_size=model.MAX_BATCH, batch_timeout=model.WAIT_MS / 1000)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=model.PORT, generate_client_file=False, log_level="warning")
