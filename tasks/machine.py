"""What this machine is and how busy: threads, memory, disk, GPU."""

from __future__ import annotations

import json
import os
import platform
import socket
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy.exc import SQLAlchemyError

from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.workers import WorkerStore

GPU_DRIVER = Path("/proc/driver/nvidia/version")


def host_name() -> str:
    """Give this machine's name, as runs and workers record it."""
    return socket.gethostname()


def worker_name(pid: int) -> str:
    """Give the name under which a worker process of this machine is known."""
    return f"{host_name()}:{pid}"


def usable_cpus() -> int:
    """CPUs this process may use: its affinity, and the container's quota where there is one."""
    cpus = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        if quota != "max":
            cpus = min(cpus, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        return cpus
    return cpus


def threads_per_run() -> int:
    """CPU threads of one run, when all slots of all workers on this host are busy."""
    return max(1, usable_cpus() // max(1, _slots_on_host()))


def _slots_on_host() -> int:
    try:
        alive = WorkerStore().alive()
    except SQLAlchemyError:
        alive = []
    return max(settings().workers, sum(w.slots for w in alive if w.host == host_name()))


def threads_of_run(experiment_id: int) -> int:
    """Give the thread count of a run's first attempt: another one would change the last digits."""
    return int(first_machine(experiment_id, "threads", threads_per_run()))


def first_machine(experiment_id: int, key: str, present: int | str) -> int | str:
    """Give what a run's first attempt was trained with; the present value when this is the first.

    Args:
        experiment_id: Number of the run.
        key: "threads" or "device".
        present: What this attempt has.
    """
    path = settings().runs_folder / str(experiment_id) / "machine.json"
    known = _read_object(shared_files().ensure(path))
    if type(known.get(key)) is not type(present):
        known[key] = present
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".machine-{os.getpid()}.json")
        temporary.write_text(json.dumps(known), encoding="utf-8")
        temporary.replace(path)
        shared_files().publish(path)
    found: int | str = known[key]
    return found


def _read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object; {} when there is none, or a kill left half of one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def facts() -> dict[str, Any]:
    """Describe this machine for the list of workers."""
    return {
        "cpus": usable_cpus(),
        "threads_per_run": threads_per_run(),
        "device": likely_device(),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "pid": os.getpid(),
    }


def likely_device() -> str:
    """Give "cuda" where a GPU's driver and a torch built for it are, else "cpu"; loads neither."""
    try:
        built_for_cpu = "cpu" in version("torch")
    except PackageNotFoundError:
        return "cpu"
    return "cuda" if GPU_DRIVER.exists() and not built_for_cpu else "cpu"


class Usage:
    """Measures what this process and its machine use, each call since the one before."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent()

    def now(self) -> dict[str, float]:
        """Give cpu_percent of all CPUs, memory of this process, disk, and the GPU if there is one.

        ``memory_bytes`` is this process's own, ``memory_percent`` the machine's.
        """
        memory = psutil.virtual_memory()
        disk = psutil.disk_usage(str(settings().data))
        usage = {
            "cpu_percent": min(100.0, self._process.cpu_percent() / usable_cpus()),
            "memory_bytes": float(self._process.memory_info().rss),
            "memory_total_bytes": float(memory.total),
            "memory_percent": float(memory.percent),
            "disk_percent": float(disk.percent),
            "disk_free_bytes": float(disk.free),
        }
        return usage | gpu_memory()


def gpu_memory() -> dict[str, float]:
    """Give used and whole memory of the GPU in use, and its load; {} without one."""
    torch = sys.modules.get("torch")
    if torch is None or not getattr(torch, "cuda", None) or not torch.cuda.is_initialized():
        return {}
    free, total = torch.cuda.mem_get_info()
    usage = {"gpu_memory_bytes": float(total - free), "gpu_memory_total_bytes": float(total)}
    try:
        usage["gpu_percent"] = float(torch.cuda.utilization())
    except (ModuleNotFoundError, RuntimeError):
        return usage
    return usage
