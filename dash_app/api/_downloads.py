"""Files of experiments as attachments; shared by the artifact and report routes."""

from __future__ import annotations

from fastapi import HTTPException
from fastapi.responses import FileResponse

from storage.artifacts import artifacts
from storage.entities import ArtifactEntity, NotFoundError
from storage.stores.experiments import ExperimentStore


def find_artifact(experiment_id: int, name: str) -> ArtifactEntity:
    """Give one of the run's files.

    Raises:
        NotFoundError: There is no such run or file.
    """
    # Names are looked up among the run's own rows and never joined to a path.
    store = ExperimentStore()
    entity = store.get(experiment_id)
    for row in store.artifacts(experiment_id):
        if row.name == name:
            return row
    raise NotFoundError(f"“{entity.name}” has no file of that name. See …/artifacts for the list.")


def attachment(row: ArtifactEntity, media_type: str) -> FileResponse:
    """Answer with a file as a download, never as a page.

    Raises:
        HTTPException: 404 when the store has lost the file.
    """
    path = artifacts().path(row.path)
    if not path.is_file():
        raise HTTPException(404, f"The file “{row.name}” is gone from the artifact store.")
    file_name = row.name.rpartition("/")[2]
    return FileResponse(path, media_type=media_type, filename=file_name)
