"""Every check speaks when its numbers say so, and stays away when they do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.core.checks import CHECKS, Check, Facts, Finding, findings
from tests.unit.integrations.checks.cases import (
    EVALUATION,
    SILENT,
    SOUND,
    SPEAKS,
    SPLIT,
    changed,
    klass,
    last_epoch,
    rival,
    split,
)

each_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)


def test_a_sound_result_gets_no_advice() -> None:
    assert findings(SOUND) == []


def test_every_check_has_a_positive_and_a_negative_case() -> None:
    codes = [check.code for check in CHECKS]
    assert len(codes) == len(set(codes))
    assert set(codes) == set(SPEAKS) == set(SILENT)
    assert all(SPEAKS.values())
    assert all(SILENT.values())


@each_check
def test_a_check_speaks_with_evidence_when_its_numbers_say_so(check: Check) -> None:
    for facts in SPEAKS[check.code]:
        found = check.check(facts)
        assert found is not None
        assert found.code == check.code
        assert (
            any(letter.isdigit() for letter in found.evidence)
            or "No" in found.evidence
            or (check.code == "leaky-split")
        )
        assert found.evidence.endswith(".")
        assert found.docs.endswith((".", ")."))
        assert found.title
        assert not found.title.endswith(".")


@each_check
def test_a_check_stays_away_when_its_numbers_do_not(check: Check) -> None:
    for facts in SILENT[check.code]:
        assert check.check(facts) is None


@each_check
def test_a_finding_that_was_put_aside_is_not_shown_again(check: Check) -> None:
    for facts in SPEAKS[check.code]:
        assert check.code in {found.code for found in findings(facts)}
        assert check.code not in {found.code for found in findings(facts, {check.code})}


def test_what_questions_the_result_comes_first() -> None:
    facts = changed(
        split=SPLIT.model_copy(update={"leaky": True}),
        per_class=(klass("good"), klass("worn", recall=0.5)),
    )
    assert [found.severity for found in findings(facts)] == ["warning", "info"]


def test_the_worst_class_names_what_it_is_taken_for() -> None:
    facts = changed(per_class=(klass("good"), klass("worn", recall=0.5)))
    assert "most often taken for “good” (10)" in findings(facts)[0].evidence


def test_a_leaky_split_offers_the_same_run_with_a_group_split() -> None:
    assert _action(split(leaky=True), "leaky-split").settings == {"data.split": "group"}


def test_an_ensemble_is_offered_of_this_run_and_its_partner() -> None:
    facts = SPEAKS["ensemble-partner"][0]
    found = _found(facts, "ensemble-partner")
    assert found.title == "Ensemble with #41"
    assert "correlate only 0.20" in found.evidence
    assert _action(facts, "ensemble-partner").ids == (12, 41)


def test_longer_training_never_exceeds_what_a_form_allows() -> None:
    facts = last_epoch(train_accuracy=0.95, val_accuracy=0.94, val_loss=0.1)
    facts = replace(facts, config={"training": {"epochs": 1500}})
    assert _action(facts, "still-improving").settings == {"training.epochs": 2000}


def test_a_rival_that_is_worse_beyond_chance_is_no_replacement() -> None:
    assert not findings(rival(n_parameters=10, seconds=1.0, difference=SPEAKS_BY_FAR))


SPEAKS_BY_FAR = EVALUATION.headline["accuracy"]


def test_folds_have_no_best_epoch() -> None:
    assert replace(SOUND, config={"training": {"folds": 5}}).best_epoch == 0


def test_losses_that_are_not_numbers_are_never_the_best_epoch() -> None:
    assert last_epoch(val_loss=float("nan")).best_epoch == 3


def _found(facts: Facts, code: str) -> Finding:
    return next(found for found in findings(facts) if found.code == code)


def _action(facts: Facts, code: str):
    action = _found(facts, code).action
    assert action is not None
    return action
