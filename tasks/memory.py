"""How much memory a child process takes, and whether the system killed it for want of more."""

from __future__ import annotations

import resource
from pathlib import Path

import psutil

GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
VIRTUAL_MEMORY = Path("/proc/vmstat")
NO_LIMIT_BYTES = 1 << 60
"""cgroup v1 writes a number near 2^63 where there is no limit."""


class MemoryWatch:
    """Follows one child from its start."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._kills_before = _kills()
        self.peak_bytes = 0

    def sample(self) -> None:
        """Measure the process with its children now."""
        try:
            process = psutil.Process(self._pid)
            children = sum(child.memory_info().rss for child in process.children(recursive=True))
            self.peak_bytes = max(self.peak_bytes, _highest(self._pid) + children)
        except psutil.Error:
            return

    def killed_for_memory(self) -> bool:
        """Tell whether the system has killed for want of memory since the child began."""
        before = self._kills_before
        return any(count > before.get(path, 0) for path, count in _kills().items())


def memory_of_machine() -> int:
    """Give the bytes that may be used: the machine's, or the container's limit."""
    limits = [psutil.virtual_memory().total]
    for folder in _own_groups():
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = _text(folder / name).strip()
            if text.isdigit() and int(text) < NO_LIMIT_BYTES:
                limits.append(int(text))
    return min(limits)


def peak_of_this_process() -> int:
    """Give the most memory this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _highest(pid: int) -> int:
    """Give the kernel's own record of the highest resident size, in bytes."""
    for line in _text(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _kills() -> dict[Path, int]:
    """Give the counters of processes killed for want of memory: ours and the machine's."""
    files = [VIRTUAL_MEMORY]
    for folder in _own_groups():
        files += [folder / "memory.events", folder / "memory.oom_control"]
    counts = {}
    for path in files:
        for line in _text(path).splitlines():
            if line.startswith("oom_kill "):
                counts[path] = int(line.split()[1])
    return counts


def _own_groups() -> list[Path]:
    """Give the folders of our control group; inside a container it is the root of them."""
    found = [GROUPS, GROUPS / "memory"]
    for line in _text(OWN_GROUPS).splitlines():
        _, controllers, name = line.split(":", 2)
        root = GROUPS / "memory" if controllers == "memory" else GROUPS
        if controllers in ("", "memory"):
            found.append(root / name.lstrip("/"))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
