"""The register: named models, their versions, stages and where they came from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.database import read_session, write_session
from storage.entities import ConflictError, NotFoundError
from storage.models import (
    LARGEST_ID,
    Dataset,
    Experiment,
    ModelVersion,
    RegisteredModel,
    StageChange,
)
from storage.stores.model_versions import (
    ChangeEntity,
    ModelEntity,
    Stage,
    VersionEntity,
    model_of,
    versions_of,
)

MOST_NAMES = 200
LONGEST_NAME, LONGEST_CATEGORY = 200, 100
MOST_CLASSES_NAMED, MOST_LETTERS = 3, 40


class RegisterStore:
    """Reads and writes the register."""

    def register(
        self,
        experiment_id: int,
        name: str,
        *,
        task: str = "classification",
        note: str = "",
        tags: Sequence[str] = (),
    ) -> VersionEntity:
        """Make a run's result the next version of a model, which is made where it is new.

        Its parent is the version that its run was cloned from or started from, where that is of
        the same model, else the version before it.

        Raises:
            NotFoundError: There is no such experiment.
            ConflictError: The run has no result or is a version of this model already, or the
                name is empty or too long.
        """
        _check_name(name)
        try:
            with write_session() as session:
                run = _finished_run(session, experiment_id)
                model = session.scalar(
                    select(RegisteredModel).where(RegisteredModel.name == name).with_for_update()
                )
                if model is None:
                    model = RegisteredModel(name=name, task=task)
                    session.add(model)
                    session.flush()
                row = _next_version(session, model, run)
                row.note, row.tags = note, list(tags)
                session.add(row)
                session.flush()
                return versions_of(session, [model.id])[0]
        except IntegrityError as error:
            raise ConflictError(f"“{name}” got a version just now. Try again.") from error

    def suggested_name(self, experiment_id: int) -> str:
        """Name a model after its task, its classes and its data.

        Raises:
            NotFoundError: There is no such experiment.
            ConflictError: The run has no result.
        """
        with read_session() as session:
            run = _finished_run(session, experiment_id)
            dataset = session.get_one(Dataset, run.dataset_id)
            return generated_name(dataset.classes, dataset.name)

    def all(self) -> list[ModelEntity]:
        """Give every model, the one that changed last first."""
        with read_session() as session:
            models = session.scalars(select(RegisteredModel)).all()
            versions: dict[int, list[VersionEntity]] = defaultdict(list)
            for version in versions_of(session, [row.id for row in models]):
                versions[version.model_id].append(version)
            found = [model_of(row, versions[row.id]) for row in models]
        return sorted(found, key=lambda model: _changed_at(model), reverse=True)

    def get(self, model_id: int) -> ModelEntity:
        """Give one.

        Raises:
            NotFoundError: There is none.
        """
        with read_session() as session:
            return model_of(_row(session, model_id), versions_of(session, [model_id]))

    def names(self) -> list[str]:
        """Give the names of the models, in order."""
        with read_session() as session:
            statement = select(RegisteredModel.name).order_by(RegisteredModel.name)
            return list(session.scalars(statement.limit(MOST_NAMES)))

    def of_experiments(self, experiment_ids: Iterable[int]) -> list[tuple[str, VersionEntity]]:
        """Give the versions that these runs are, with their models' names."""
        wanted = list(experiment_ids)
        with read_session() as session:
            rows = session.execute(
                select(RegisteredModel.id, RegisteredModel.name, ModelVersion.id)
                .join(ModelVersion, ModelVersion.model_id == RegisteredModel.id)
                .where(ModelVersion.experiment_id.in_(wanted))
            ).all()
            known = {v.id: v for v in versions_of(session, {model for model, _, _ in rows})}
        return [(name, known[version]) for _, name, version in rows]

    def made_from(self, experiment_ids: Iterable[int]) -> dict[int, list[int]]:
        """Give the runs that were cloned from these, by the number of the run they came from."""
        statement = (
            select(Experiment.parent_id, Experiment.id)
            .where(Experiment.parent_id.in_(list(experiment_ids)))
            .where(Experiment.deleted_at.is_(None))
            .order_by(Experiment.id)
        )
        found: dict[int, list[int]] = defaultdict(list)
        with read_session() as session:
            for parent, child in session.execute(statement):
                found[parent or 0].append(child)
        return dict(found)

    def describe(self, model_id: int, **changes: Any) -> ModelEntity:
        """Change name, category, note or tags of a model.

        Raises:
            NotFoundError: There is none.
            ConflictError: The name is empty or too long, or another model has it.
        """
        if "name" in changes:
            _check_name(str(changes["name"]).strip())
        if len(str(changes.get("category", ""))) > LONGEST_CATEGORY:
            raise ConflictError(f"A category has at most {LONGEST_CATEGORY} letters.")
        try:
            with write_session() as session:
                row = _row(session, model_id)
                for key, value in changes.items():
                    setattr(row, key, list(value) if key == "tags" else str(value).strip())
        except IntegrityError as error:
            raise ConflictError(
                f"There already is a model “{changes['name']}”. Choose another name."
            ) from error
        return self.get(model_id)

    def describe_version(self, model_id: int, version: int, **changes: Any) -> ModelEntity:
        """Change note or tags of a version.

        Raises:
            NotFoundError: There is none.
        """
        with write_session() as session:
            row = _version_row(session, model_id, version)
            for key, value in changes.items():
                setattr(row, key, list(value) if key == "tags" else value)
        return self.get(model_id)

    def move(self, model_id: int, version: int, stage: Stage, note: str = "") -> ModelEntity:
        """Put a version on a stage; the one in production before is archived.

        Raises:
            NotFoundError: There is none.
            ConflictError: It is on that stage already.
        """
        with write_session() as session:
            _row(session, model_id, lock=True)
            row = _version_row(session, model_id, version)
            if row.stage == stage:
                raise ConflictError(f"Version {version} is {_words(stage)} already.")
            if stage is Stage.PRODUCTION:
                _archive_production(session, model_id)
            _change(session, row, stage, note)
        return self.get(model_id)

    def roll_back(self, model_id: int, note: str = "") -> ModelEntity:
        """Put the version that was in production before back there.

        Raises:
            NotFoundError: There is no such model.
            ConflictError: None was in production before.
        """
        with write_session() as session:
            _row(session, model_id, lock=True)
            earlier = _before_production(session, model_id)
            if earlier is None:
                raise ConflictError("No other version was in production before this one.")
            _archive_production(session, model_id)
            _change(session, earlier, Stage.PRODUCTION, note or "Rolled back.")
        return self.get(model_id)

    def changes(self, model_id: int) -> list[ChangeEntity]:
        """Give the stages that a model's versions went through, newest first."""
        statement = (
            select(StageChange, ModelVersion.version)
            .join(ModelVersion, ModelVersion.id == StageChange.version_id)
            .where(ModelVersion.model_id == model_id)
            .order_by(StageChange.id.desc())
        )
        with read_session() as session:
            return [
                ChangeEntity(version, Stage(row.before), Stage(row.after), row.note, row.created_at)
                for row, version in session.execute(statement)
            ]

    def delete(self, model_id: int) -> None:
        """Take a model out of the register; its runs stay.

        Raises:
            NotFoundError: There is none.
            ConflictError: A version is in production.
        """
        with write_session() as session:
            row = _row(session, model_id, lock=True)
            if _in_production(session, model_id) is not None:
                raise ConflictError(
                    "A version is in production. Archive it first, then delete the model."
                )
            versions = select(ModelVersion).where(ModelVersion.model_id == model_id)
            for version in session.scalars(versions.order_by(ModelVersion.version.desc())):
                session.delete(version)
                session.flush()
            session.delete(row)


def registered_as(session: Session, experiment_id: int) -> str:
    """Say which version of which model a run is; "" when it is none."""
    found = session.execute(
        select(RegisteredModel.name, ModelVersion.version)
        .join(ModelVersion, ModelVersion.model_id == RegisteredModel.id)
        .where(ModelVersion.experiment_id == experiment_id)
        .limit(1)
    ).one_or_none()
    return "" if found is None else f"version {found.version} of the model “{found.name}”"


def generated_name(classes: Sequence[str], dataset: str) -> str:
    """Say what a model tells apart, and on what data."""
    few = len(classes) <= MOST_CLASSES_NAMED and sum(map(len, classes)) <= MOST_LETTERS
    what = " / ".join(classes) if few else f"{len(classes)} classes"
    return f"Classification · {what} · {dataset}"[:200]


def _check_name(name: str) -> None:
    if not name:
        raise ConflictError("A model needs a name.")
    if len(name) > LONGEST_NAME:
        raise ConflictError(f"A name has at most {LONGEST_NAME} letters.")


def _finished_run(session: Session, experiment_id: int) -> Experiment:
    run = session.get(Experiment, min(experiment_id, LARGEST_ID))
    if run is None or run.deleted_at is not None:
        raise NotFoundError(f"There is no experiment {experiment_id}. It may be deleted.")
    if run.accuracy is None or run.purged_at is not None:
        raise ConflictError(f"“{run.name}” has no result to register. Let it end first.")
    return run


def _next_version(session: Session, model: RegisteredModel, run: Experiment) -> ModelVersion:
    mine = select(ModelVersion).where(ModelVersion.model_id == model.id)
    rows = session.scalars(mine.order_by(ModelVersion.version.desc())).all()
    same = next((row for row in rows if row.experiment_id == run.id), None)
    if same is not None:
        raise ConflictError(f"This run is version {same.version} of “{model.name}” already.")
    origin = next((row for row in rows if row.experiment_id == run.parent_id), None)
    parent = origin or (rows[0] if rows else None)
    return ModelVersion(
        model_id=model.id,
        version=rows[0].version + 1 if rows else 1,
        experiment_id=run.id,
        parent_id=None if parent is None else parent.id,
        stage=Stage.NONE,
    )


def _row(session: Session, model_id: int, *, lock: bool = False) -> RegisteredModel:
    row = session.get(RegisteredModel, min(model_id, LARGEST_ID), with_for_update=lock or None)
    if row is None:
        raise NotFoundError(f"There is no model {model_id}. It may be deleted.")
    return row


def _version_row(session: Session, model_id: int, version: int) -> ModelVersion:
    row = session.scalar(
        select(ModelVersion).where(
            ModelVersion.model_id == min(model_id, LARGEST_ID),
            ModelVersion.version == min(version, 2**31 - 1),
        )
    )
    if row is None:
        raise NotFoundError(f"Model {model_id} has no version {version}.")
    return row


def _in_production(session: Session, model_id: int) -> ModelVersion | None:
    return session.scalar(
        select(ModelVersion).where(
            ModelVersion.model_id == model_id, ModelVersion.stage == Stage.PRODUCTION
        )
    )


def _archive_production(session: Session, model_id: int) -> None:
    present = _in_production(session, model_id)
    if present is not None:
        _change(session, present, Stage.ARCHIVED, "")


def _before_production(session: Session, model_id: int) -> ModelVersion | None:
    present = _in_production(session, model_id)
    gone = (
        select(ModelVersion)
        .join(StageChange, StageChange.version_id == ModelVersion.id)
        .where(ModelVersion.model_id == model_id, StageChange.before == Stage.PRODUCTION)
        .where(ModelVersion.id != (0 if present is None else present.id))
        .order_by(StageChange.id.desc())
        .limit(1)
    )
    return session.scalar(gone)


def _change(session: Session, row: ModelVersion, stage: Stage, note: str) -> None:
    session.add(StageChange(version_id=row.id, before=row.stage, after=stage, note=note))
    row.stage = stage
    session.flush()


def _changed_at(model: ModelEntity) -> datetime:
    return model.newest.created_at if model.newest else model.created_at


def _words(stage: Stage) -> str:
    return {
        Stage.NONE: "on no stage",
        Stage.STAGING: "in staging",
        Stage.PRODUCTION: "in production",
        Stage.ARCHIVED: "archived",
    }[stage]
