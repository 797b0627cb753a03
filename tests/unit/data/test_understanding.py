"""From files to recordings: classes, groups, channels, rates and the sentences about problems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from integrations.core.data.inspect import inspect_upload
from integrations.core.data.inspection import Inspection
from integrations.core.data.options import DerivedField, ImportOptions, RateRule
from tests.support.recordings import put

X = np.sin(np.arange(500) / 5)


def npz(folder: Path, name: str, **arrays: object) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **(arrays or {"x": X}))  # type: ignore[arg-type]


def labels(inspection: Inspection) -> list[str]:
    return [r.label for r in inspection.wanted]


def problems(inspection: Inspection) -> dict[str, str]:
    bad = {f.shown: f.sentence for f in inspection.files if f.status == "problem"}
    return bad | {r.name: r.problem for r in inspection.recordings if r.problem}


def names(folder: Path, files: Sequence[str]) -> None:
    for name in files:
        npz(folder, name)


def test_folders_name_the_classes(tmp_path: Path) -> None:
    names(tmp_path, ["good/a.npz", "good/b.npz", "bad/a.npz"])
    inspection = inspect_upload(tmp_path, ImportOptions())
    assert inspection.label_source == "folder"
    assert inspection.classes == {"bad": 1, "good": 2}


def test_a_folder_that_holds_everything_is_no_part_of_the_names(tmp_path: Path) -> None:
    names(tmp_path, ["all/good/a.npz", "all/bad/a.npz"])
    inspection = inspect_upload(tmp_path, ImportOptions())
    assert [r.name for r in inspection.wanted] == ["bad/a.npz", "good/a.npz"]


def test_file_names_name_class_group_and_fields(tmp_path: Path) -> None:
    names(
        tmp_path,
        [f"{r}_{f}_{s}.npz" for r in (1730, 1797) for f in ["B", "IR"] for s in (7, 14)],
    )
    load = DerivedField(name="load", source="rpm", values={"1730": 3, "1797": 0})
    inspection = inspect_upload(tmp_path, ImportOptions(derived=(load,)))
    assert inspection.classes == {"B": 4, "IR": 4}
    assert {r.group for r in inspection.wanted} == {"B-7", "B-14", "IR-7", "IR-14"}
    assert {r.fields["load"] for r in inspection.wanted} == {3.0, 0.0}


def test_a_pattern_the_user_writes_wins(tmp_path: Path) -> None:
    names(tmp_path, ["m1-ok.npz", "m2-ok.npz", "m1-worn.npz"])
    options = ImportOptions(
        pattern="{machine}-{state}", label_template="{state}", group_template="{machine}"
    )
    inspection = inspect_upload(tmp_path, options)
    assert inspection.classes == {"ok": 2, "worn": 1}
    assert inspection.n_groups == 2


def test_a_wrong_pattern_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    names(tmp_path, ["a.npz"])
    inspection = inspect_upload(tmp_path, ImportOptions(pattern="{a"))
    assert not inspection.ready
    assert "brace" in inspection.problems[0]


def test_a_class_column_cuts_a_table_into_recordings(tmp_path: Path) -> None:
    rows = "".join(f"{i / 100},{i},{'run' if i // 50 % 2 else 'rest'}\n" for i in range(200))
    put(tmp_path, "a.csv", ("time,x,label\n" + rows).encode())
    inspection = inspect_upload(tmp_path, ImportOptions())
    assert labels(inspection) == ["rest", "run", "rest", "run"]
    assert {r.n_samples for r in inspection.wanted} == {50}
    assert {r.sampling_rate_hz for r in inspection.wanted} == {100}
    assert inspection.chosen_channels == ["x"]


def test_a_variable_names_the_class(tmp_path: Path) -> None:
    npz(tmp_path, "a.npz", x=X, label="ok")
    npz(tmp_path, "b.npz", x=X, label="worn")
    assert labels(inspect_upload(tmp_path, ImportOptions())) == ["ok", "worn"]


def test_channels_are_those_every_file_has(tmp_path: Path) -> None:
    npz(tmp_path, "a.npz", DE=X)
    npz(tmp_path, "b.npz", DE=X, FE=X)
    inspection = inspect_upload(tmp_path, ImportOptions())
    assert inspection.chosen_channels == ["DE"]
    assert "“FE” is only in some" in " ".join(inspection.notes)


def test_brackets_in_a_column_name_are_no_pattern(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i % 5}\n" for i in range(50))
    put(tmp_path, "a.csv", ("Beschl [m/s²],Weg [µm]\n" + rows).encode())
    inspection = inspect_upload(tmp_path, ImportOptions(channels=("Weg [µm]",)))
    assert [(c.name, c.chosen) for c in inspection.channels] == [
        ("Weg [µm]", True),
        ("Beschl [m/s²]", False),
    ]
    assert inspection.ready


def test_channel_names_that_differ_by_a_number_are_one_channel(tmp_path: Path) -> None:
    npz(tmp_path, "a.npz", X097_DE_time=X)
    npz(tmp_path, "b.npz", X105_DE_time=X)
    inspection = inspect_upload(tmp_path, ImportOptions())
    assert inspection.chosen_channels == ["X*_DE_time"]
    assert len(inspection.wanted) == 2


def test_rates_come_from_rules_then_the_file_then_the_default(tmp_path: Path) -> None:
    npz(tmp_path, "a.npz", x=X)
    npz(tmp_path, "b.npz", x=X, fs=1000)
    npz(tmp_path, "c.npz", x=X, fs=1000)
    options = ImportOptions(
        sampling_rate_hz=500, rate_rules=(RateRule(match="c*", sampling_rate_hz=48000),)
    )
    inspection = inspect_upload(tmp_path, options)
    assert [r.sampling_rate_hz for r in inspection.wanted] == [500, 1000, 48000]
    assert "different rates" in inspection.questions[0]
    assert "sampling rate?" in inspect_upload(tmp_path, ImportOptions()).questions[0]


@pytest.mark.parametrize(
    ("policy", "wanted", "word"),
    [("refuse", 1, "1 value is missing"), ("drop", 1, ""), ("interpolate", 2, "")],
)
def test_missing_values_follow_the_chosen_policy(
    tmp_path: Path, policy: str, wanted: int, word: str
) -> None:
    broken = X.copy()
    broken[3] = np.nan
    npz(tmp_path, "a.npz", x=X)
    npz(tmp_path, "b.npz", x=broken)
    inspection = inspect_upload(tmp_path, ImportOptions.model_validate({"nan_policy": policy}))
    assert len(inspection.wanted) == wanted
    assert word in problems(inspection).get("b.npz", "")


def test_bad_files_get_sentences_and_good_ones_stay(tmp_path: Path) -> None:
    npz(tmp_path, "good.npz", x=X)
    npz(tmp_path, "one.npz", x=X[:1])
    npz(tmp_path, "short.npz", x=X[:2])
    npz(tmp_path, "mixed.npz", x=X, y=X[:90])
    put(tmp_path, "empty.csv", b"")
    (tmp_path / "link.npz").symlink_to("/etc/passwd")
    (tmp_path / "folder.npz").symlink_to("/etc")
    options = ImportOptions(channels=("x",))
    inspection = inspect_upload(tmp_path, options)
    assert {r.name for r in inspection.wanted} == {"good.npz", "mixed.npz"}
    assert set(problems(inspection)) == {
        "one.npz", "short.npz", "empty.csv", "link.npz", "folder.npz",
    }  # fmt: skip
    both = inspect_upload(tmp_path, ImportOptions(channels=("x", "y")))
    assert "different lengths" in problems(both)["mixed.npz"]


def test_ten_thousand_classes_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"{i},class{i // 10}\n" for i in range(100_000))
    put(tmp_path, "a.csv", ("x,label\n" + rows).encode())
    inspection = inspect_upload(tmp_path, ImportOptions())
    assert "10\u202f000 classes" in inspection.problems[0]
    assert not inspection.ready


@pytest.mark.parametrize(
    "name", ["<script>.npz", "a\u202egnp.npz", "x" * 200 + ".npz", "..npz", "a\nb.npz", "-rf.npz"]
)
def test_evil_names_are_shown_harmlessly(tmp_path: Path, name: str) -> None:
    npz(tmp_path, "d/" + name, x=X)
    inspection = inspect_upload(tmp_path, ImportOptions())
    shown = inspection.files[0].shown
    assert shown.isprintable()
    assert "\u202e" not in shown


def test_an_empty_upload_is_not_ready(tmp_path: Path) -> None:
    inspection = inspect_upload(tmp_path, ImportOptions())
    assert not inspection.ready
    assert inspection.files == []
