"""Prometheus metrics at /metrics: the bench as the database knows it, and this web process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, TypeVar

from fastapi import APIRouter, Header, Response
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dash_app.request_metrics import REGISTRY
from storage.entities import Status
from storage.settings import VERSION
from storage.stores.observations import Observations
from tasks.queue import Observed, observed

Labels = TypeVar("Labels", bound=tuple[str, ...])
router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus text format."}},
)
def get_metrics(accept: Annotated[str, Header()] = "") -> Response:
    """Give counts and times for Prometheus; the database is read at most once a second."""
    encode, content_type = choose_encoder(accept)
    return Response(encode(REGISTRY), headers={"Content-Type": content_type})


class BenchCollector(Collector):
    """Turns one observation of the bench into metric families."""

    def collect(self) -> Iterator[Metric]:
        """Observe and give the families."""
        seen = observed()
        yield _labelled("signalbench_build_info", "The program.", {(VERSION,): 1.0}, "version")
        yield _gauge("signalbench_database_up", "1 when the database answers.", bool(seen.counts))
        yield _gauge("signalbench_redis_up", "1 when Redis answers.", seen.redis_up)
        yield from _disk(seen)
        if seen.counts is not None:
            yield from _runs(seen, seen.counts)
            yield from _background(seen.counts)
            yield from _workers(seen)


def _runs(seen: Observed, counts: Observations) -> Iterator[Metric]:
    statuses = {(status.value,): float(counts.statuses.get(status, 0)) for status in Status}
    yield _labelled("signalbench_experiments", "Experiments by status.", statuses, "status")
    waiting = {(name,): float(count) for name, count in seen.waiting_by_queue.items()}
    yield _labelled("signalbench_waiting", "Experiments that wait, by queue.", waiting, "queue")
    yield _gauge("signalbench_running", "Experiments under a lease.", len(counts.lease_ages))
    left = min(counts.lease_ages, default=0.0)
    yield _gauge(
        "signalbench_lease_left_seconds",
        "Time until the lease nearest to its end is over; negative when nobody renewed it.",
        left,
    )
    yield CounterMetricFamily(
        "signalbench_epochs", "Epochs committed by all experiments.", value=counts.epochs
    )
    yield _gauge(
        "signalbench_epochs_per_second",
        "Epochs of the running experiments, over the last minute.",
        counts.epochs_per_second,
    )
    seconds = SummaryMetricFamily(
        "signalbench_run_seconds",
        "Training time of ended experiments.",
        labels=("family", "status"),
    )
    for group in counts.ended:
        seconds.add_metric((group.family, group.status), group.count, group.seconds)
    yield seconds


def _background(counts: Observations) -> Iterator[Metric]:
    jobs = {key: float(count) for key, count in counts.jobs.items()}
    yield _labelled(
        "signalbench_jobs", "Background jobs that are not done.", jobs, "kind", "status"
    )
    deliveries = {
        (status,): float(counts.deliveries.get(status, 0))
        for status in ("queued", "sending", "failed")
    }
    yield _labelled(
        "signalbench_deliveries", "Notifications that are not sent.", deliveries, "status"
    )


def _workers(seen: Observed) -> Iterator[Metric]:
    yield _gauge("signalbench_workers_alive", "Workers that live.", len(seen.alive))
    yield _gauge("signalbench_workers_lost", "Workers that fell silent.", len(seen.lost))
    for name, text, values in (
        ("slots", "Experiments a worker trains at a time.", [w.slots for w in seen.alive]),
        ("busy", "Experiments a worker trains now.", [w.facts.get("busy") for w in seen.alive]),
        ("memory_bytes", "Memory of the worker.", [w.facts.get("rss_bytes") for w in seen.alive]),
        (
            "redis_up",
            "1 when the worker reaches Redis.",
            [w.facts.get("redis") for w in seen.alive],
        ),
        ("beat_age_seconds", "Since its last sign of life.", [w.age_seconds for w in seen.alive]),
    ):
        known = {
            (worker.name,): float(value)
            for worker, value in zip(seen.alive, values, strict=True)
            if value is not None
        }
        yield _labelled(f"signalbench_worker_{name}", text, known, "worker")


def _disk(seen: Observed) -> Iterator[Metric]:
    if seen.disk is None:
        return
    total, free = seen.disk.total_bytes, seen.disk.free_bytes
    yield _gauge("signalbench_disk_bytes", "Size of the data folder's disk.", total)
    yield _gauge("signalbench_disk_free_bytes", "Room on the data folder's disk.", free)
    yield _gauge("signalbench_disk_used_percent", "Used share of it.", seen.disk.percent)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _labelled(name: str, text: str, values: Mapping[Labels, float], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


REGISTRY.register(BenchCollector())
