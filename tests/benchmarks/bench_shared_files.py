"""How long sharing a checkpoint takes: ``python tests/benchmarks/bench_shared_files.py``.

Publishes and fetches files of several sizes through a real S3 server on this machine, so the
figures hold no network; the server is Python and slower than any that people use.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from storage.shared_files import SharedFiles
from tests.support.servers import running_s3

SIZES = ((100_000, 20), (1_000_000, 20), (10_000_000, 5))


def main() -> None:
    """Print one line per size."""
    with running_s3() as s3, tempfile.TemporaryDirectory() as name:
        os.environ.update(s3.environment)
        files = SharedFiles(Path(name), s3.new_url())
        for size, times in SIZES:
            source, target = Path(name) / "source", Path(name) / "target"
            source.write_bytes(os.urandom(size))
            sent = [_seconds(partial(files.publish, source)) for _ in range(times)]
            back = [_seconds(partial(files.copy, source, target)) for _ in range(times)]
            print(
                f"{size / 1e6:5.1f} MB  publish {1e3 * statistics.median(sent):7.1f} ms  "
                f"fetch {1e3 * statistics.median(back):7.1f} ms  (medians of {times})"
            )


def _seconds(action: Callable[[], None]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
