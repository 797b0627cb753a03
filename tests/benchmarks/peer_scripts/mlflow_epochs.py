"""Time how long MLflow takes to log an epoch of five metrics into its file store."""

import json
import os
import statistics
import sys
import tempfile
import time

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
import mlflow

EPOCHS = int(sys.argv[1])
NAMES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "learning_rate")
with tempfile.TemporaryDirectory() as folder:
    mlflow.set_tracking_uri(f"file://{folder}")
    mlflow.set_experiment("epochs")
    took = []
    with mlflow.start_run():
        for epoch in range(EPOCHS):
            values = {name: 1 / (epoch + i + 1) for i, name in enumerate(NAMES)}
            began = time.perf_counter()
            mlflow.log_metrics(values, step=epoch)
            took.append(time.perf_counter() - began)
print(json.dumps({"median_us": statistics.median(took) * 1e6, "version": mlflow.__version__}))
