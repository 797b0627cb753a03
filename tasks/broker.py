"""The bell: a Celery app that carries nothing but "look", with options that survive a dead link."""

from __future__ import annotations

from celery import Celery
from kombu import Queue

from storage.settings import settings

LOOK = "signalbench.look"
QUEUES = ("high", "normal", "low")
# kombu's defaults never recovered from a link that fell silent without closing; with these it
# took 20 s (measured). They also bound how long a publisher can hang.
TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 3,
    "brpop_timeout": 1,
    "visibility_timeout": 3600,
    "global_keyprefix": "signalbench:",
}


def make_celery() -> Celery:
    """Make the Celery app of this installation; no connection is made yet."""
    celery = Celery("signalbench", broker=settings().redis_url, backend=None, set_as_current=False)
    celery.conf.update(
        task_queues=[Queue(name) for name in QUEUES],
        task_default_queue="normal",
        task_acks_late=False,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_soft_shutdown_timeout=20,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=TRANSPORT_OPTIONS,
        broker_pool_limit=2,
    )
    return celery
