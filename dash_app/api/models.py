"""The register over REST: models, versions, stages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dash_app.api._fields import PROBLEMS, Identifier, Name, Note, RowId, Tag
from storage.stores.model_versions import ChangeEntity, ModelEntity, Stage, VersionEntity
from storage.stores.register import RegisterStore

router = APIRouter(prefix="/api/models", tags=["models"], responses=PROBLEMS)

Tags = Annotated[list[Tag], Field(max_length=50)]
Filled = Annotated[Name, Field(min_length=1)]


class VersionRow(BaseModel):
    """A version: the result of an experiment, with its lineage and figures."""

    version: int
    stage: Stage
    note: str
    tags: list[str]
    parent: int | None
    experiment_id: int
    experiment_name: str
    family: str
    dataset_id: int
    dataset_name: str
    dataset_version: int
    dataset_fingerprint: str
    split_name: str
    split_digest: str
    leaky: bool
    metrics: dict[str, Any]
    created_at: datetime


class ModelRow(BaseModel):
    """A named model with its versions, newest first."""

    id: int
    name: str
    task: str
    category: str
    note: str
    tags: list[str]
    created_at: datetime
    versions: list[VersionRow]


class ModelList(BaseModel):
    """All models, the one that changed last first."""

    items: list[ModelRow]


class ChangeRow(BaseModel):
    """A version that went from one stage to another."""

    version: int
    before: Stage
    after: Stage
    note: str
    created_at: datetime


class ChangeList(BaseModel):
    """What happened to a model's stages, newest first."""

    items: list[ChangeRow]


class NewVersion(BaseModel):
    """A run whose result becomes a version; without a name one is generated."""

    experiment_id: Identifier
    name: Name = ""
    note: Note = ""
    tags: Tags = []


class ModelChange(BaseModel):
    """What people decide about a model."""

    name: Filled | None = None
    category: Annotated[Name, Field(max_length=100)] | None = None
    note: Note | None = None
    tags: Tags | None = None


class VersionChange(BaseModel):
    """What people decide about a version."""

    note: Note | None = None
    tags: Tags | None = None


class StageOrder(BaseModel):
    """Where a version goes, and why."""

    stage: Stage
    note: Note = ""


class RollBack(BaseModel):
    """Why the version before goes back into production."""

    note: Note = ""


@router.get("")
def models() -> ModelList:
    """Give every model with its versions."""
    return ModelList(items=[_row(model) for model in RegisterStore().all()])


@router.post("", status_code=201)
def register_version(body: NewVersion) -> ModelRow:
    """Make a run's result the next version of a model, which is made where its name is new."""
    store = RegisterStore()
    name = body.name or store.suggested_name(body.experiment_id)
    made = store.register(body.experiment_id, name, note=body.note, tags=body.tags)
    return _row(store.get(made.model_id))


@router.get("/{model_id}")
def model(model_id: RowId) -> ModelRow:
    """Give one model with its versions."""
    return _row(RegisterStore().get(model_id))


@router.patch("/{model_id}")
def change_model(model_id: RowId, body: ModelChange) -> ModelRow:
    """Change name, category, note or tags; what is left out stays."""
    return _row(RegisterStore().describe(model_id, **body.model_dump(exclude_none=True)))


@router.delete("/{model_id}", status_code=204)
def delete_model(model_id: RowId) -> None:
    """Take a model out of the register; its runs stay."""
    RegisterStore().delete(model_id)


@router.patch("/{model_id}/versions/{version}")
def change_version(model_id: RowId, version: RowId, body: VersionChange) -> ModelRow:
    """Change note or tags of a version."""
    changes = body.model_dump(exclude_none=True)
    return _row(RegisterStore().describe_version(model_id, version, **changes))


@router.post("/{model_id}/versions/{version}/stage")
def move_version(model_id: RowId, version: RowId, body: StageOrder) -> ModelRow:
    """Put a version on a stage; the one in production before is archived."""
    return _row(RegisterStore().move(model_id, version, body.stage, body.note))


@router.post("/{model_id}/rollback")
def roll_back(model_id: RowId, body: RollBack) -> ModelRow:
    """Put the version that was in production before back there."""
    return _row(RegisterStore().roll_back(model_id, body.note))


@router.get("/{model_id}/changes")
def changes(model_id: RowId) -> ChangeList:
    """Give what happened to the stages of a model's versions."""
    RegisterStore().get(model_id)
    return ChangeList(items=[_change(change) for change in RegisterStore().changes(model_id)])


def _row(entity: ModelEntity) -> ModelRow:
    versions = [_version(version) for version in entity.versions]
    return ModelRow(**{**vars(entity), "tags": list(entity.tags), "versions": versions})


def _version(entity: VersionEntity) -> VersionRow:
    return VersionRow(**{**vars(entity), "tags": list(entity.tags)})


def _change(entity: ChangeEntity) -> ChangeRow:
    return ChangeRow(**vars(entity))
