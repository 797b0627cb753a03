"""Runs acknowledged over REST, while every process is killed again and again."""

from __future__ import annotations

import random
import threading
import time

from sqlalchemy import text

from storage.database import read_session
from tests.benchmarks.reliability.common import Row, bench
from tests.chaos.patient import Patient
from tests.chaos.runs import Kind, states, submit

SENDERS = 2
KIND = Kind("classical", 0, 4)


def measure(rounds: int, per_round: int) -> list[Row]:
    """Post runs and kill everything in the middle of it, so many times."""
    acknowledged: dict[int, str] = {}
    dice = random.Random(1)
    with bench() as subject:
        for number in range(rounds):
            subject.start()
            subject.wait_until_ready()
            _post_until_killed(subject, number, per_round, acknowledged, dice)
        subject.start()
        subject.wait_until_ready()
        there = {state.id: state.name for state in states()}
        with read_session() as session:
            whole = session.scalar(text("PRAGMA integrity_check")) == "ok"
        lost = [number for number, name in acknowledged.items() if there.get(number) != name]
        doubled = len(there) - len(set(there.values()))
    figure = f"{len(lost)} of {len(acknowledged)} lost, {doubled} doubled; {rounds} kills"
    held = not lost and not doubled and whole
    return [Row("acknowledged runs lost under kill -9 of everything", "0 of 500", figure, held)]


def _post_until_killed(
    subject: Patient, number: int, wanted: int, acknowledged: dict[int, str], dice: random.Random
) -> None:
    """Send from several threads; kill everything once enough were acknowledged."""
    over = threading.Event()
    goal = len(acknowledged) + wanted

    def send(sender: int) -> None:
        count = 0
        while not over.is_set():
            name = f"round {number} sender {sender} run {count}"
            count += 1
            try:
                acknowledged[submit(subject, KIND, name)] = name
            except (OSError, ValueError):
                return

    senders = [threading.Thread(target=send, args=(i,)) for i in range(SENDERS)]
    for sender in senders:
        sender.start()
    while len(acknowledged) < goal and any(sender.is_alive() for sender in senders):
        time.sleep(0.002)
    time.sleep(dice.uniform(0.0, 0.05))
    subject.kill_everything()
    over.set()
    for sender in senders:
        sender.join()
