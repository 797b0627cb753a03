"""A GPU belongs to one run of the host at a time, for as long as the run lives."""

from __future__ import annotations

import subprocess
import sys
import uuid

from tasks.gpus import lock_file, take_gpu
from tasks.supervisor import environment


def names(count: int) -> list[str]:
    return [f"test-{uuid.uuid4()}" for _ in range(count)]


def forget(gpus: list[str]) -> None:
    for name in gpus:
        lock_file(name).unlink(missing_ok=True)


def test_each_gpu_is_given_once_and_again_when_it_is_free() -> None:
    gpus = names(2)
    try:
        first, second = take_gpu(gpus), take_gpu(gpus)
        assert first is not None
        assert second is not None
        assert {first.name, second.name} == set(gpus)
        assert take_gpu(gpus) is None
        first.release()
        again = take_gpu(gpus)
        assert again is not None
        assert again.name == first.name
        again.release()
        second.release()
    finally:
        forget(gpus)


def test_a_gpu_stays_taken_while_the_run_lives_though_its_worker_is_gone() -> None:
    gpus = names(1)
    try:
        place = take_gpu(gpus)
        assert place is not None
        run = subprocess.Popen(
            [sys.executable, "-c", "input()"],
            stdin=subprocess.PIPE,
            pass_fds=(place.descriptor,),
        )
        place.release()
        assert take_gpu(gpus) is None
        run.kill()
        run.wait()
        assert run.stdin is not None
        run.stdin.close()
        free = take_gpu(gpus)
        assert free is not None
        free.release()
    finally:
        forget(gpus)


def test_a_run_sees_its_own_gpu_or_none() -> None:
    gpus = names(1)
    try:
        place = take_gpu(gpus)
        assert place is not None
        assert environment(2, place)["CUDA_VISIBLE_DEVICES"] == gpus[0]
        assert environment(2)["CUDA_VISIBLE_DEVICES"] == ""
        place.release()
    finally:
        forget(gpus)
