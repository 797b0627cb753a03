"""What the wizard decides, judges, saves and starts, on a real database and real data sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dash_app.pages.experiment_new.assess import Assessment, assess, differences
from dash_app.pages.experiment_new.choices import (
    choose_dataset,
    choose_family,
    choose_preset,
    clone_draft,
    fresh_draft,
    join_runs,
    presets_of,
)
from dash_app.pages.experiment_new.draft import Draft, read_draft
from dash_app.pages.experiment_new.launch import (
    NotStartedError,
    launch,
    save_config,
    save_preset,
)
from dash_app.pages.experiment_new.machine import Machine, about_machine
from dash_app.pages.experiment_new.notices import CONFIGURE_STEP, MODEL_STEP
from dash_app.pages.experiment_new.pickers import run_options
from dash_app.pages.experiment_new.view_configure import configure_view
from dash_app.pages.experiment_new.view_model import model_view
from dash_app.pages.experiment_new.view_review import review_view, split_view
from dash_app.pages.experiment_new.view_summary import format_length, summary_view
from integrations.core.data.dataset import DatasetWriter, Recording, read_info
from integrations.core.data.splits import preview_split
from integrations.registry import families
from storage.artifacts import NewArtifact
from storage.entities import ExperimentEntity, Status
from storage.settings import settings
from storage.stores.datasets import DatasetStore, ReadyFacts
from storage.stores.experiments import ExperimentStore
from storage.stores.runs import Finished, RunStore
from tasks.queue import NewRun, create_experiment, forecast

MakeDataset = Callable[..., int]


@pytest.fixture
def make_dataset(sqlite: str) -> MakeDataset:
    """Give a function that stores a small ready data set and tells its id."""

    def make(name: str = "Rig", n_groups: int = 6, n_samples: int = 4096) -> int:
        folder = settings().datasets_folder / name
        random = np.random.default_rng(0)
        with DatasetWriter(folder, name=name, channels=["x"]) as writer:
            for label in ("good", "worn"):
                for group in range(n_groups):
                    fields: dict[str, str | float] = {"load": str(group % 3)}
                    row = Recording(
                        f"{label}{group}", label, f"{label}-{group}", 0, 1000.0, fields=fields
                    )
                    writer.add(random.standard_normal(n_samples), row)
        return _store(name, folder)

    return make


def _store(name: str, folder: Path) -> int:
    info = read_info(folder)
    entity = DatasetStore().create(name, source="upload")
    DatasetStore().set_ready(
        entity.id,
        ReadyFacts(
            fingerprint=info.fingerprint,
            folder=folder.name,
            n_recordings=len(info.recordings),
            n_groups=len({r.group for r in info.recordings}),
            n_channels=1,
            n_samples=info.n_samples_total,
            sampling_rate_hz=1000.0,
            classes=list(info.classes),
            bytes=1,
            window_samples=None,
        ),
    )
    return entity.id


def with_values(draft: Draft, **values: object) -> Draft:
    changed = {path.replace("__", "."): value for path, value in values.items()}
    return draft.model_copy(update={"values": draft.values | changed})


def test_a_fresh_draft_can_be_started_as_it_is(make_dataset: MakeDataset) -> None:
    make_dataset()
    assessment = assess(fresh_draft())
    assert assessment.can_start
    assert assessment.preset_changes == 0
    assert assessment.name == f"{assessment.family.title} · Rig · standard"  # type: ignore[union-attr]


def test_the_newest_upload_is_preselected_and_an_asked_one_goes_before_it(
    make_dataset: MakeDataset,
) -> None:
    first, second = make_dataset("One"), make_dataset("Two")
    assert fresh_draft().dataset_id == second
    assert fresh_draft(first).dataset_id == first
    assert fresh_draft(99).dataset_id == second


def test_without_data_the_wizard_points_to_the_data_page(sqlite: str) -> None:
    draft = fresh_draft()
    assert draft.dataset_id is None
    assert "/datasets" in str(model_view(draft))
    assert assess(draft).faults(MODEL_STEP) == 1


def test_a_preset_of_the_draft_fills_every_setting_and_suggests_the_window(
    make_dataset: MakeDataset,
) -> None:
    make_dataset(n_samples=1500)
    draft = choose_family(fresh_draft(), "cnn1d")
    quick, full = choose_preset(draft, "quick_test"), choose_preset(draft, "maximum_accuracy")
    assert quick.values["data.window_samples"] == 1500
    assert quick.values["training.epochs"] < full.values["training.epochs"]
    assert quick.revision > draft.revision


def test_another_data_set_gets_its_own_window(make_dataset: MakeDataset) -> None:
    short, long = make_dataset("Short", n_samples=600), make_dataset("Long", n_samples=20_000)
    draft = choose_dataset(fresh_draft(short), long)
    assert fresh_draft(short).values["data.window_samples"] == 600
    assert draft.values["data.window_samples"] == 2048


def test_errors_are_counted_on_their_step_and_forbid_the_start(make_dataset: MakeDataset) -> None:
    make_dataset()
    draft = with_values(choose_family(fresh_draft(), "cnn1d"), training__epochs=0)
    assessment = assess(draft)
    assert not assessment.can_start
    assert assessment.faults(CONFIGURE_STEP) == 1
    assert assessment.field_errors == {"training.epochs": "Must be at least 1 passes."}
    with pytest.raises(NotStartedError, match="at least 1"):
        launch(draft)


def test_a_window_longer_than_the_recordings_is_told_at_the_window(
    make_dataset: MakeDataset,
) -> None:
    make_dataset(n_samples=500)
    assessment = assess(with_values(fresh_draft(), data__window_samples=501))
    assert list(assessment.field_errors) == ["data.window_samples"]
    assert "longer" in str(split_view(assessment))


def test_a_leaky_split_warns_but_may_start(make_dataset: MakeDataset) -> None:
    make_dataset()
    assessment = assess(
        with_values(fresh_draft(), data__split="random_windows", data__window_samples=256)
    )
    assert assessment.can_start
    assert assessment.split is not None
    assert assessment.split.leaky
    assert any("Leaky" in notice.message for notice in assessment.notices)
    assert "leaky" in str(summary_view(assessment))


def test_starting_stores_a_pending_experiment_with_the_settings_shown(
    make_dataset: MakeDataset,
) -> None:
    dataset = make_dataset()
    draft = with_values(choose_family(fresh_draft(), "cnn1d"), training__learning_rate="3e-4")
    run = launch(draft.model_copy(update={"name": "  Mine "}))
    assert run.status is Status.PENDING
    assert (run.name, run.dataset_id, run.preset) == ("Mine", dataset, "standard")
    assert run.config["training"]["learning_rate"] == 3e-4
    assert run.config == assess(draft).config.model_dump(mode="json")  # type: ignore[union-attr]


def test_a_clone_repeats_its_original_and_lists_what_was_changed(
    make_dataset: MakeDataset,
) -> None:
    make_dataset()
    run = launch(choose_preset(choose_family(fresh_draft(), "cnn1d"), "quick_test"))
    draft = clone_draft(run)
    assert differences(assess(draft)) == []
    assert assess(draft).config.model_dump(mode="json") == run.config  # type: ignore[union-attr]
    changed = with_values(draft, training__learning_rate="1e-5", training__balance_classes=False)
    assert [row[0] for row in differences(assess(changed))] == ["Learning rate", "Balance classes"]
    assert launch(changed).parent_id == run.id


def test_a_clone_on_other_data_keeps_its_settings_but_not_its_window(
    make_dataset: MakeDataset,
) -> None:
    make_dataset("Long", n_samples=20_000)
    run = launch(choose_preset(choose_family(fresh_draft(), "cnn1d"), "quick_test"))
    other = make_dataset("Short", n_samples=600)
    moved = choose_dataset(clone_draft(run), other)
    assert moved.values["data.window_samples"] == 600
    assert moved.values["training.epochs"] == run.config["training"]["epochs"]
    assert assess(moved).can_start


def test_a_run_whose_data_set_is_gone_asks_for_another_one(make_dataset: MakeDataset) -> None:
    make_dataset()
    run = launch(fresh_draft())
    draft = clone_draft(replace(run, dataset_id=99))
    assert [notice.message for notice in assess(draft).errors] == ["Choose a data set."]


def test_a_saved_preset_is_offered_and_gives_its_settings_back(make_dataset: MakeDataset) -> None:
    make_dataset()
    draft = with_values(choose_family(fresh_draft(), "cnn1d"), training__epochs=9)
    kept = save_preset(draft, " Nine ")
    key = f"saved-{kept.id}"
    assert [p.title for p in presets_of("cnn1d", None) if p.saved] == ["Nine"]
    assert choose_preset(fresh_draft(family_name="cnn1d"), key).values["training.epochs"] == 9
    with pytest.raises(NotStartedError, match="already"):
        save_preset(draft, "Nine")
    with pytest.raises(NotStartedError, match="name"):
        save_preset(draft, "  ")


def test_a_run_from_a_saved_preset_starts(make_dataset: MakeDataset) -> None:
    make_dataset()
    kept = save_preset(fresh_draft(), "Own")
    assert launch(choose_preset(fresh_draft(), f"saved-{kept.id}")).preset == ""


def test_a_saved_config_belongs_to_its_data_set(make_dataset: MakeDataset) -> None:
    one, two = make_dataset("One"), make_dataset("Two")
    draft = fresh_draft(one)
    save_config(draft)
    assert [p.title for p in presets_of(draft.family, one) if p.saved] == [assess(draft).name]
    assert not any(p.saved for p in presets_of(draft.family, two))


@pytest.mark.parametrize("stored", [None, {}, {"values": 3}, "x", {"dataset_id": "abc"}])
def test_nonsense_in_the_browsers_storage_is_ignored(stored: object) -> None:
    assert read_draft(stored) is None


@pytest.mark.parametrize("name", sorted(families()))
def test_every_family_is_drawn_on_every_step(make_dataset: MakeDataset, name: str) -> None:
    make_dataset()
    draft = choose_family(fresh_draft(), name)
    assessment = assess(draft)
    form, specs = configure_view(draft)
    assert {spec["path"] for spec in specs} == set(draft.values)
    for view in (model_view(draft), form, review_view(assessment), summary_view(assessment)):
        assert view


def test_an_empty_draft_is_drawn_too(sqlite: str) -> None:
    draft = Draft()
    assessment = assess(draft)
    assert isinstance(assessment, Assessment)
    assert configure_view(draft)[1] == []
    assert review_view(assessment)
    assert summary_view(assessment)


def test_a_forecast_takes_the_speed_measured_here(make_dataset: MakeDataset) -> None:
    make_dataset()
    assessment = assess(fresh_draft())
    assert assessment.config is not None
    assert assessment.info is not None
    cost = forecast(assessment.draft.family, assessment.config, assessment.info)
    assert cost.low <= cost.seconds <= cost.high
    assert cost.work.steps > 0


def test_a_run_that_does_not_fit_the_machine_is_warned_about(make_dataset: MakeDataset) -> None:
    make_dataset()
    cost = assess(fresh_draft()).forecast
    assert cost is not None
    work = cost.work.model_copy(update={"memory_bytes": 10**16, "checkpoint_bytes": 10**16})
    huge = replace(cost, work=work, seconds=7200.0)
    texts = [notice.message for notice in about_machine(huge, Machine("here", "CPU", 2))]
    assert [word in text for word, text in zip(("disk", "memory", "CPU"), texts, strict=True)]
    assert "No worker" in about_machine(cost, Machine())[0].message


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5e-5, "50 µs"), (0.1707, "171 ms"), (2.5, "2.5 s"), (10800.0, "3 h"), (432000.0, "5 d")],
)
def test_window_lengths_are_written_in_the_unit_that_suits(seconds: float, text: str) -> None:
    assert format_length(seconds) == text


def test_the_split_is_judged_while_other_settings_are_being_mended(
    make_dataset: MakeDataset,
) -> None:
    make_dataset(n_samples=500)
    draft = with_values(choose_family(fresh_draft(), "cnn1d"), training__epochs="many")
    assert assess(draft).split is not None
    both = assess(with_values(draft, data__window_samples=501))
    assert set(both.field_errors) == {"training.epochs", "data.window_samples"}


def finish(run: ExperimentEntity, macro_f1: float = 0.9) -> ExperimentEntity:
    """End a pending run with made-up figures on the split of its own settings."""
    info = read_info(settings().datasets_folder / DatasetStore().get(run.dataset_id).folder)
    config = families()[run.family].Config.model_validate(run.config)
    summary = preview_split(info, config.data)
    lease = RunStore().claim_next("test", "test host", 60.0)
    assert lease is not None
    assert lease.id == run.id
    metrics = {"accuracy": 0.9, "macro_f1": 0.9, "validation_macro_f1": macro_f1}
    result = NewArtifact("result.json", "result", f"{run.id}/1/result.json", 2, "0" * 64)
    RunStore().finish(
        lease,
        Finished(
            Status.COMPLETED, metrics, summary.name, summary.digest, False, 0, 2.0, [result]
        ),
    )  # fmt: skip
    return ExperimentStore().get(run.id)


def finished_runs(dataset_id: int, count: int = 3, **data: object) -> list[ExperimentEntity]:
    config = {"data": data} if data else {}
    return [
        finish(create_experiment(NewRun("classical", dataset_id, config=config)), 0.7 + n / 10)
        for n in range(count)
    ]


def test_members_are_offered_from_the_same_split_only_the_best_first(
    make_dataset: MakeDataset,
) -> None:
    dataset_id = make_dataset()
    same = finished_runs(dataset_id)
    other = finished_runs(dataset_id, 1, window_samples=512)
    draft = choose_family(fresh_draft(dataset_id), "ensemble")
    assessment = assess(draft)
    assert assessment.can_start, assessment.notices
    assert assessment.family is not None
    assert assessment.info is not None
    assert assessment.split is not None
    offered = run_options(assessment.family, assessment.info, assessment.split.digest, {})
    values = [int(option["value"]) for option in offered["members.experiments"]]
    assert values == [run.id for run in reversed(same)]
    assert "validation macro F1 90.0 %" in offered["members.experiments"][0]["label"]
    picked = [str(n) for n in (*values[:2], other[0].id)]
    wrong = draft.changed(values={**draft.values, "members.experiments": picked})
    errors = assess(wrong).field_errors
    assert "another split" in errors["members.experiments"]
    drawn = str(configure_view(wrong)[0])
    assert f"{other[0].id}: {other[0].name} · does not suit" in drawn


def test_selected_runs_begin_an_ensemble_on_their_own_split(make_dataset: MakeDataset) -> None:
    dataset_id = make_dataset()
    finished_runs(dataset_id)
    runs = finished_runs(dataset_id, window_samples=512, overlap=0.25)
    numbers = [run.id for run in runs]
    draft = join_runs(numbers)
    assert draft is not None
    assert (draft.family, draft.dataset_id) == ("ensemble", dataset_id)
    assert draft.values["data.window_samples"] == 512
    assessment = assess(choose_preset(draft, "quick_test"))
    assert assessment.can_start, assessment.notices
    assert assessment.config is not None
    assert assessment.config.model_dump()["members"]["experiments"] == sorted(numbers)
    assert assessment.config.data.overlap == 0.25
    started = launch(assessment.draft)
    assert started.config["members"]["experiments"] == sorted(numbers)
    assert join_runs([10**6]) is None


def test_an_ensemble_without_enough_runs_says_so_on_its_card_and_cannot_start(
    make_dataset: MakeDataset,
) -> None:
    dataset_id = make_dataset()
    finished_runs(dataset_id, 2)
    draft = choose_family(fresh_draft(dataset_id), "ensemble")
    assessment = assess(draft)
    assert not assessment.can_start
    assert "there are 2" in assessment.field_errors["members.experiments"]
    assert "there are 2" in str(model_view(draft))
