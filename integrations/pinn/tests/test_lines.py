"""Required lines come from class names or from what the user wrote; metadata is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from integrations.core.contract import Severity
from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.pinn.config import PinnConfig
from integrations.pinn.family import FAMILY
from integrations.pinn.lines import LineSyntaxError, lines_of_name, parse_lines, required_lines
from integrations.pinn.regime import log_prior

ORDERS = {"bpfo": 3.58, "bpfi": 5.42, "bsf": 2.36, "ftf": 0.4}
WHIRLING = {"rpm": 3600.0, "Sommerfeld": 0.5, "critical speed": 25.0}


def told(name: str, kind: Any = "rolling") -> list[str]:
    return [str(line) for line in lines_of_name(name, kind)]


def info(*labels: str, fields: dict[str, Any] | None = None, **properties: Any) -> DatasetInfo:
    recordings = tuple(
        Recording(f"{label} {i}", label, f"{label} {i}", 4096, 12_000.0, fields=fields or {})
        for label in labels
        for i in range(6)
    )
    return DatasetInfo("set", "signal", ("x",), recordings, properties=properties)


def errors(of: DatasetInfo) -> str:
    found = [p.message for p in FAMILY.problems(of) if p.severity is Severity.ERROR]
    return " ".join(found)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        *((name, ["BPFI"]) for name in ("IR", "IR_7", "IR007", "inner race", "Inner", "ir 14")),
        *((name, ["BPFO"]) for name in ("OR", "ORat6", "OR@6 21", "outer ring", "BPFO fault")),
        *((name, ["2×BSF"]) for name in ("B", "B_14", "B021", "ball", "rolling element")),
        *((name, []) for name in ("N", "normal", "Healthy", "Balanced", "baseline", "error")),
        ("cage", ["FTF"]),
        ("inner + outer race", ["BPFI", "BPFO"]),
    ],
)
def test_names_of_rolling_faults_tell_their_lines(name: str, line: list[str]) -> None:
    assert told(name) == line


def test_names_of_journal_faults_tell_their_lines() -> None:
    assert told("imbalance", "journal") == ["1×"]
    assert told("misalignment", "journal") == ["2×"]
    assert told("oil whirl", "journal") == ["0.38–0.48×"]
    assert told("oil whip", "journal") == ["critical speed 0.75–1.25×"]
    assert told("cavitation", "journal") == told("normal", "journal") == []
    assert told("inner race", "journal") == told("oil whirl", "rolling") == []


def test_what_the_user_wrote_replaces_what_the_name_says() -> None:
    lines = required_lines(("A", "IR"), "rolling", "a: 0.43x, BPFO; IR: none")
    assert [str(line) for line in lines["A"]] == ["0.43×", "BPFO"]
    assert lines["IR"] == ()


@pytest.mark.parametrize("text", ["A", "A:", "A: 4", "A: BPFX", "A: 0x", ": BPFO", "A: BPFO 1"])
def test_unreadable_lines_are_refused_in_words_by_the_form(text: str) -> None:
    with pytest.raises(LineSyntaxError, match="Write it like"):
        parse_lines(text)
    with pytest.raises(ValidationError, match="Write it like"):
        PinnConfig.model_validate({"physics": {"required_lines": text}})


def test_lines_of_a_class_that_is_not_there_are_refused() -> None:
    with pytest.raises(LineSyntaxError, match="“C”, which is no class"):
        required_lines(("A", "B"), "rolling", "C: BPFO")


def test_complete_metadata_raises_no_problem() -> None:
    assert FAMILY.problems(info("N", "IR", fields={"rpm": 1800.0}, **ORDERS)) == []
    journal = info("normal", "oil whip", fields=WHIRLING, bearing_kind="journal")
    assert FAMILY.problems(journal) == []


def test_missing_metadata_is_refused_with_what_is_missing_and_where() -> None:
    whole = info("N", "IR", fields={"rpm": 1800.0}, **ORDERS)
    first = replace(whole.recordings[0], fields={})
    assert "1 of 12 recordings has no shaft speed" in errors(
        replace(whole, recordings=(first, *whole.recordings[1:]))
    )
    assert "The bearing is not known" in errors(info("N", "IR"))
    assert "12 of 12 recordings have no shaft speed" in errors(info("N", "IR", **ORDERS))
    some = info("N", "IR", "B", fields={"rpm": 1800.0}, bpfo=3.58, bpfi=5.42)
    assert "18 of 18 recordings have no fault order 2×BSF" in errors(some)


def test_an_unknown_critical_speed_or_sommerfeld_number_is_only_a_warning() -> None:
    of = info("normal", "oil whip", fields={"rpm": 3600.0}, bearing_kind="journal")
    assert errors(of) == ""
    text = " ".join(p.message for p in FAMILY.problems(of))
    assert "no critical speed" in text
    assert "no Sommerfeld number" in text


def test_the_regime_prior_is_monotone() -> None:
    names = ("normal", "oil whirl", "oil whip", "lubrication")

    def row(sommerfeld: float, rpm: float) -> list[float]:
        fields = {"rpm": rpm, "Sommerfeld": sommerfeld, "critical speed": 25.0}
        of = info(*names, fields=fields, bearing_kind="journal")
        prior = dict(zip(of.classes, log_prior(of)[0].tolist(), strict=True))
        return [prior[name] for name in names]

    low, high = row(0.05, 1800.0), row(1.5, 7200.0)
    assert low[0] == high[0] == 0
    assert low[1] < high[1]
    assert low[2] < high[2]
    assert low[3] > high[3]


def test_the_kind_of_bearing_may_stand_in_the_recordings() -> None:
    fields = {"rpm": 3600.0, "Sommerfeld": 0.5, "bearing kind": "Journal"}
    assert FAMILY.problems(info("normal", "imbalance", fields=fields)) == []
