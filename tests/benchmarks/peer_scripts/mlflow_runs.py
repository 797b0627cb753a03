"""Fill an MLflow database with runs that lie in a file of JSON lines; prints the experiment."""

import json
import sqlite3
import sys

import mlflow
from mlflow.tracking import MlflowClient

AT_ONCE = 2000
path, source = sys.argv[1:3]
client = MlflowClient(tracking_uri=f"sqlite:///{path}")
experiment = int(client.create_experiment("bench"))
database = sqlite3.connect(path)
database.execute("PRAGMA synchronous=OFF")


def write(runs):
    database.executemany(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, "
        "status, start_time, end_time, source_version, lifecycle_stage, artifact_uri, "
        "experiment_id) VALUES (?, ?, 'UNKNOWN', '', '', 'bench', 'FINISHED', ?, ?, '', 'active', "
        "'', ?)",
        [(f"{n:032x}", name, n, n + 1, experiment) for n, name, _, _ in runs],
    )
    database.executemany(
        "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
        [(k, str(v), f"{n:032x}") for n, _, params, _ in runs for k, v in params.items()],
    )
    figures = [(k, v, n, f"{n:032x}") for n, _, _, metrics in runs for k, v in metrics.items()]
    database.executemany(
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) "
        "VALUES (?, ?, ?, ?, 0, 0)",
        figures,
    )
    database.commit()


with open(source) as lines:
    waiting = []
    for line in lines:
        waiting.append(json.loads(line))
        if len(waiting) == AT_ONCE:
            write(waiting)
            waiting = []
    write(waiting)
database.execute(
    "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) "
    "SELECT key, value, timestamp, step, is_nan, run_uuid FROM metrics"
)
database.commit()
print(json.dumps({"experiment": experiment, "version": mlflow.__version__}))
