"""How the end of a run is worded: time limits, memory, deaths."""

from __future__ import annotations

import errno
import os
import signal
import threading
from pathlib import Path

import pytest

from integrations.core.contract import Control, Interrupted
from storage import run_log
from tasks import exit_codes, memory
from tasks.memory import MemoryWatch, memory_of_machine, peak_of_this_process
from tasks.memory_advice import memory_sentence, what_to_try
from tasks.room import OVER, WAITING, Room
from tasks.run_death import death_of_run
from tasks.sentences import death, is_out_of_memory
from tasks.time_limit import GRACE_SECONDS, TimeLimit, duration


@pytest.mark.parametrize(
    ("limit", "stops_at"), [(7200, 6840), (600, 570), (200, 170), (100, 70), (60, 42), (10, 7)]
)
def test_a_run_is_told_to_stop_before_it_is_ended(limit: float, stops_at: float) -> None:
    assert TimeLimit(limit).stops_at == pytest.approx(stops_at)
    assert TimeLimit(limit).ends_at == limit


def test_an_attempt_that_begins_late_gets_the_time_to_evaluate() -> None:
    late = TimeLimit(100, spent=130)
    assert late.ends_at == 130 + GRACE_SECONDS
    assert TimeLimit(100, spent=20).ends_at == 100
    assert TimeLimit(500, spent=130).ends_at == 500


def test_sentences_of_the_limit_say_how_long_it_is_and_what_to_do() -> None:
    assert [duration(s) for s in (7200, 5400, 2400, 45)] == ["2 h", "1.5 h", "40 min", "45 s"]
    assert "2 h" in TimeLimit(7200).near
    assert "higher limit" in TimeLimit(7200).ended
    assert "Retry" in TimeLimit(7200).ended


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"training": {"batch_size": 64}}, "a batch of 32 instead of 64"),
        ({"data": {"overlap": 0.5, "window_samples": 1024}}, "overlap of 0 instead of 0.5"),
        ({"data": {"overlap": 0.75}, "training": {"batch_size": 8}}, "overlap of 0.5 instead"),
        ({"data": {"overlap": 0.0, "window_samples": 1024}}, "512 samples instead of 1024"),
        ({}, "a smaller data set"),
    ],
)
def test_advice_names_one_change_with_its_numbers(config: dict[str, object], words: str) -> None:
    assert words in what_to_try(config)


def test_a_memory_sentence_holds_used_and_whole() -> None:
    said = memory_sentence({"training": {"batch_size": 64}}, 5_900_000_000, 8_000_000_000)
    assert said.startswith("Memory ran out: it took 5.9 GB of the 8.0 GB of the machine. Try a ")
    assert "Clone the run" in said


def test_all_ways_to_run_out_of_memory_are_known() -> None:
    cuda = RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB.")
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(cuda)
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    assert not is_out_of_memory(RuntimeError("shape mismatch"))


def test_a_death_names_its_signal() -> None:
    assert death(-signal.SIGSEGV) == "The training process was killed by the signal SIGSEGV."
    assert "sign of progress" in death(exit_codes.HUNG)
    assert "code 3" in death(3)


def test_a_process_is_measured_and_the_machine_has_more() -> None:
    watch = MemoryWatch(os.getpid())
    watch.sample()
    assert 10_000_000 < watch.peak_bytes < memory_of_machine()
    assert 10_000_000 < peak_of_this_process() < memory_of_machine()
    assert not watch.killed_for_memory()


def test_a_kill_for_want_of_memory_is_read_from_the_kernels_counters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_folder: Path, sqlite: str
) -> None:
    events = tmp_path / "memory.events"
    events.write_text("low 0\nhigh 0\nmax 5\noom 0\noom_kill 1\noom_group_kill 0\n")
    monkeypatch.setattr(memory, "VIRTUAL_MEMORY", tmp_path / "vmstat")
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    watch = MemoryWatch(os.getpid())
    watch.sample()
    assert not watch.killed_for_memory()
    how, _ = death_of_run(1, -signal.SIGKILL, watch)
    assert how.startswith("The training process was killed by the signal SIGKILL; it took ")
    events.write_text("low 0\nhigh 0\nmax 9\noom 1\noom_kill 2\noom_group_kill 0\n")
    assert watch.killed_for_memory()
    how, advice = death_of_run(1, -signal.SIGKILL, watch)
    assert "because memory ran out: it took " in how
    assert advice.startswith("Try ")


def test_a_limit_of_the_container_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("2000000000\n")
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    assert memory_of_machine() == 2_000_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory_of_machine() != 2_000_000_000


def test_a_full_disk_is_told_once_and_time_without_room_is_counted() -> None:
    told: list[str] = []
    room = Room(lambda _level, _kind, message: told.append(message))
    room.lacks("files")
    room.lacks("database")
    threading.Event().wait(0.05)
    room.found("files")
    assert told == [WAITING]
    room.found("database")
    room.found("database")
    assert told == [WAITING, OVER]
    waited = room.waited
    assert waited >= 0.05
    assert room.waited == waited


def test_an_order_ends_the_waiting_for_room(data_folder: Path) -> None:
    room = Room(lambda *_: None)
    with pytest.raises(Interrupted) as left:
        room.wait_for_files(lambda: Control.CANCEL)
    assert left.value.control is Control.CANCEL


def test_a_log_line_without_room_is_written_with_the_next_one(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = run_log.RunLog(1)
    log.append("info", "first")
    real = os.write

    def half(file: int, content: bytes) -> int:
        real(file, content[:5])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    log.append("info", "second")
    monkeypatch.setattr(os, "write", real)
    assert [line["message"] for line in run_log.read(1)] == ["first"]
    log.append("info", "third")
    assert [line["message"] for line in run_log.read(1)] == ["first", "second", "third"]
    assert run_log.log_file(1).read_bytes().count(b"\n") == 3


def test_a_line_torn_by_a_kill_does_not_take_the_next_one_with_it(data_folder: Path) -> None:
    run_log.RunLog(1).append("info", "first")
    with run_log.log_file(1).open("ab") as file:
        file.write(b'{"id": 2, "mess')
    run_log.RunLog(1).append("info", "second")
    assert [line["message"] for line in run_log.read(1)] == ["first", "second"]
