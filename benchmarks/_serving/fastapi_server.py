import model
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel


class Request(BaseModel):
    instances: list[list[float]]


app = FastAPI()
estimator = model.load()


@app.post("/predict")
def predict(request: Request):
    return {"predictions": model.predict(estimator, request.instances)}


uvicorn.run(app, port=model.PORT, access_log=False, log_level="warning")
