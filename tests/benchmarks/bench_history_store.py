"""What metrics cost: logging an epoch, storing a long history, drawing it.

    python tests/benchmarks/bench_history_store.py [--points 100000] [--epochs 1000] [--no-aim]

Ours on SQLite and a real Redis, TensorBoard's event files beside it, MLflow and Aim in environments
of their own (made under the temporary folder). Medians; ratios are within this one run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import orjson  # noqa: E402

from tests.benchmarks.peers import NoPeerError, peer_python, run_peer  # noqa: E402

NAMES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "learning_rate")
ROUNDS = 15


def main() -> None:
    """Measure and print."""
    arguments = read_arguments()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SIGNALBENCH_DATA"] = folder
        for name in ("DATABASE_URL", "REDIS_URL", "ARTIFACT_URL"):
            os.environ.pop(name, None)
        epochs(arguments.epochs, Path(folder))
        history(arguments.points, Path(folder), with_aim=not arguments.no_aim)


def epochs(count: int, folder: Path) -> None:
    """Log epochs of five metrics."""
    ours = our_epochs(count)
    board = tensorboard_epochs(count, folder / "board")
    print(f"An epoch of five metrics (median of {count}):")
    print(f"  ours, call of the fit until committed and fsynced: {ours['committed']:.0f} µs")
    print(f"  ours, handed to the live view (Redis, own thread): {ours['live']:.1f} µs")
    print(f"  TensorBoard, 5 scalars and flush: {board['flush']:.0f} µs, "
          f"and fsync: {board['fsync']:.0f} µs")  # fmt: skip
    print(f"  ours / TensorBoard flushed {ours['committed'] / board['flush']:.1f} (bar 0.6), "
          f"/ fsynced {ours['committed'] / board['fsync']:.2f}")  # fmt: skip
    try:
        mlflow = run_peer(peer_python("mlflow"), "mlflow_epochs.py", [str(count)])
    except NoPeerError as error:
        print(f"  MLflow: skipped ({error})")
        return
    print(f"  MLflow {mlflow['version']} file store: {mlflow['median_us']:.0f} µs; ours / MLflow "
          f"{ours['committed'] / mlflow['median_us']:.2f} (bar 0.125)")  # fmt: skip


def our_epochs(count: int) -> dict[str, float]:
    """Commit epochs under a lease, and hand them to the live view, as a run does."""
    from storage.database import migrate
    from storage.redis_server import RedisServer
    from storage.stores.runs import Epoch, RunStore
    from tasks.broadcast import Broadcast

    migrate()
    experiment_run()
    lease = RunStore().claim_next("bench", "here", 3600.0)
    assert lease is not None
    server = RedisServer()
    server.start()
    try:
        broadcast = Broadcast("bench")
        committed, live = [], []
        for number in range(1, count + 1):
            values = {name: 1 / (number + i) for i, name in enumerate(NAMES)}
            began = time.perf_counter()
            RunStore().commit_epoch(lease, Epoch(number, count, values, 1.0, "", ""))
            middle = time.perf_counter()
            broadcast.update(current_epoch=number, **values)
            broadcast.epoch({"epoch": number, **values})
            committed.append(middle - began)
            live.append(time.perf_counter() - middle)
        broadcast.close(30)
    finally:
        server.stop()
    return {
        "committed": statistics.median(committed) * 1e6,
        "live": statistics.median(live) * 1e6,
    }


def tensorboard_epochs(count: int, folder: Path) -> dict[str, float]:
    """Write and flush event files; once more with an fsync, which is what our commit gives."""
    from tensorboardX import SummaryWriter

    found = {}
    for way in ("flush", "fsync"):
        writer = SummaryWriter(str(folder / way))
        path = next((folder / way).iterdir())
        descriptor = os.open(path, os.O_RDONLY)
        took = []
        for epoch in range(count):
            began = time.perf_counter()
            for i, name in enumerate(NAMES):
                writer.add_scalar(name, 1 / (epoch + i + 1), epoch)
            writer.flush()
            if way == "fsync":
                os.fsync(descriptor)
            took.append(time.perf_counter() - began)
        os.close(descriptor)
        writer.close()
        found[way] = statistics.median(took) * 1e6
    return found


def history(points: int, folder: Path, *, with_aim: bool) -> None:
    """Store a long history, read it as a figure, and weigh both."""
    values = np.random.default_rng(0).normal(size=points).cumsum()
    values[points // 3] = 1e6
    seal(points, values)
    figure_ms, payload, kept = draw(values)
    raw = len(raw_figure(values))
    ours, board = stored_bytes(), tensorboard_bytes(values, folder / "long")
    print(f"A history of {points:,} steps:")
    print(f"  store to figure JSON: {figure_ms:.2f} ms; payload {payload:,} bytes, "
          f"1/{raw / payload:.0f} of the raw figure (bar 1/80); extremes kept: {kept}")  # fmt: skip
    print(f"  stored: {ours:,} bytes, TensorBoard {board:,} bytes: {ours / board:.2f} (bar 0.25)")
    if not with_aim:
        return
    try:
        aim = run_peer(peer_python("aim"), "aim_history.py", [str(points), str(ROUNDS)])
    except NoPeerError as error:
        print(f"  Aim: skipped ({error})")
        return
    print(f"  Aim {aim['version']} reads the array alone in {aim['median_ms']:.0f} ms; ours / Aim "
          f"1/{aim['median_ms'] / figure_ms:.0f} (bar 1/100)")  # fmt: skip


def experiment_run() -> int:
    """Make a pending run."""
    from storage.stores.datasets import DatasetStore, ReadyFacts
    from storage.stores.experiments import ExperimentStore, NewExperiment

    dataset = DatasetStore().create("bench", source="upload")
    facts = ReadyFacts("f" * 64, "bench", 8, 8, 1, 800, 100.0, ["a", "b"], 0, 64)
    DatasetStore().set_ready(dataset.id, facts)
    return ExperimentStore().create(NewExperiment("bench", "cnn1d", dataset.id, {})).id


def seal(points: int, values: np.ndarray) -> None:
    """Store a history as the end of a run does."""
    from storage.database import write_session
    from storage.stores import metrics

    steps = np.arange(1, points + 1, dtype=np.int32)
    with write_session() as session:
        exact = metrics.History(steps, values, values)
        for level, span in enumerate(metrics.SPANS):
            session.add_all(metrics._chunks(1, "loss", level, exact.coarser(span)))


def draw(values: np.ndarray) -> tuple[float, int, bool]:
    """Read and draw; give the median time, the size of the figure, and whether extremes stayed."""
    from integrations.core.figures.chart import Axis, Lines, Series
    from integrations.core.figures.plotly_renderer import to_plotly
    from storage.stores.metrics import MetricStore
    from tasks.comparison import CURVE_POINTS

    took, figure, found = [], b"", None
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = MetricStore().history(1, "loss", CURVE_POINTS // 2)
        x = np.repeat(found.steps, 2)
        y = np.stack([found.low, found.high], axis=1).ravel()
        chart = Lines("loss", "Loss", Axis("Step"), Axis("Loss"), (Series("run", x, y),))
        figure = orjson.dumps(to_plotly(chart), option=orjson.OPT_SERIALIZE_NUMPY)
        took.append(time.perf_counter() - began)
    assert found is not None
    kept = bool(found.high.max() == values.max() and found.low.min() == values.min())
    return statistics.median(took) * 1e3, len(figure), kept


def raw_figure(values: np.ndarray) -> bytes:
    """Give the figure with every point, as somebody would write it who does not thin."""
    import plotly.graph_objects as go

    figure = go.Figure(go.Scatter(x=list(range(len(values))), y=values.tolist()))
    return figure.to_json().encode()


def stored_bytes() -> int:
    """Count the bytes of a sealed history, all levels."""
    from sqlalchemy import func, select

    from storage.database import read_session
    from storage.models import MetricChunk

    columns = (MetricChunk.steps, MetricChunk.low, MetricChunk.high)
    with read_session() as session:
        sizes = session.execute(select(*[func.sum(func.length(c)) for c in columns])).one()
    return int(sum(sizes))


def tensorboard_bytes(values: np.ndarray, folder: Path) -> int:
    """Write the same points into an event file and give its size."""
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(str(folder))
    for step, value in enumerate(values.tolist()):
        writer.add_scalar("loss", value, step)
    writer.close()
    return sum(path.stat().st_size for path in folder.iterdir())


def read_arguments() -> Any:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--no-aim", action="store_true", help="Aim takes minutes to fill.")
    return parser.parse_args()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
