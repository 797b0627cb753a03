"""Time how long Aim takes to read one metric of many steps back as an array."""

import json
import statistics
import sys
import tempfile
import time

import aim

POINTS, ROUNDS = int(sys.argv[1]), int(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    repository = aim.Repo(folder, init=True)
    run = aim.Run(repo=folder, system_tracking_interval=None, capture_terminal_logs=False)
    for step in range(POINTS):
        run.track(1 / (step + 1), name="loss", step=step)
    number = run.hash
    run.close()
    took = []
    for _ in range(ROUNDS):
        found = aim.Repo(folder).get_run(number)
        metric = next(iter(found.metrics()))
        began = time.perf_counter()
        values = metric.values.sparse_numpy()
        took.append(time.perf_counter() - began)
    assert len(values[0]) == POINTS, len(values[0])
print(json.dumps({"median_ms": statistics.median(took) * 1e3, "version": aim.__version__}))
