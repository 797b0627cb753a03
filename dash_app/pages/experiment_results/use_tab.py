"""The Use tab: send new recordings to the model and read what it says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import banner, card, format_bytes, icon
from dash_app.datasets import info_of
from dash_app.pages.experiment_results import use_ids as ids
from integrations.core.data.channels import listed
from integrations.core.data.dataset import common_rate
from integrations.core.signal.machine import shaft_hz
from storage.artifacts import artifacts
from storage.entities import ArtifactEntity, ExperimentEntity, JobEntity, NotFoundError
from storage.settings import settings
from storage.stores.datasets import DatasetStore

MODEL = "model.json"


@dataclass(frozen=True)
class Needs:
    """What a model asks of new recordings.

    Attributes:
        knows_speed: Its training recordings tell the shaft speed, so it may read it.
    """

    channels: tuple[str, ...]
    classes: tuple[str, ...]
    window_samples: int
    rate_hz: float | None
    knows_speed: bool


def needs_of(entity: ExperimentEntity, files: Sequence[ArtifactEntity]) -> Needs | None:
    """Read what a finished model says of itself; None where there is none."""
    row = next((row for row in files if row.name == MODEL), None)
    if row is None:
        return None
    try:
        card_ = json.loads(artifacts().path(row.path).read_text(encoding="utf-8"))
        rate, knows_speed = _of_data(entity)
        return Needs(
            tuple(card_["channels"]),
            tuple(card_["classes"]),
            int(card_["config"]["data"]["window_samples"]),
            card_.get("sampling_rate_hz") or rate,
            knows_speed,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def use_tab(
    entity: ExperimentEntity, files: Sequence[ArtifactEntity], jobs: Sequence[JobEntity]
) -> html.Div:
    """Draw the tab; assets/use.js sends the files."""
    needs = needs_of(entity, files)
    if needs is None:
        text = "This run left no model to use, or its files were removed. Start it again."
        return html.Div(banner("warning", text))
    newest = jobs[0].id if jobs else None
    return html.Div(
        [
            card(
                _asks(needs),
                _options(needs),
                _drop_zone(entity.id),
                title="Predict new recordings",
                help="The model looks at windows of each recording as it did in training; the "
                "mean of what it says is the recording's class. Files are read in a closed-off "
                "process and removed when the prediction is done.",
            ),
            dcc.Store(id=ids.OPTIONS),
            dcc.Store(id=ids.JOB, data=newest),
            dcc.Interval(id=ids.POLL, interval=1000, disabled=newest is None),
            html.Div(id=ids.EARLIER_PLACE),
            html.Div(id=ids.RESULT, className="stack", **{"aria-live": "polite"}),
        ],
        className="stack",
    )


def earlier_choice(jobs: Sequence[JobEntity], shown: int) -> Any:
    """Offer the predictions made before, newest first, where there is more than one."""
    if len(jobs) < 2:
        return None
    named = [
        {"value": str(job.id), "label": f"{job.created_at:%Y-%m-%d %H:%M} · {_said(job)}"}
        for job in jobs
    ]
    return dmc.Select(
        id=ids.EARLIER,
        label="Predictions with this model",
        data=named,
        value=str(shown),
        allowDeselect=False,
        style={"maxWidth": 360},
    )


def _said(job: JobEntity) -> str:
    count = job.result.get("recordings") if job.result else None
    if isinstance(count, int):
        return f"{count} recording{'' if count == 1 else 's'}"
    return str(job.status)


def _of_data(entity: ExperimentEntity) -> tuple[float | None, bool]:
    try:
        info = info_of(DatasetStore().get(entity.dataset_id))
    except NotFoundError:
        info = None
    if info is None:
        return None, True
    return common_rate(info), any(shaft_hz(each) is not None for each in info.recordings)


def _asks(needs: Needs) -> html.P:
    rate = f"{needs.rate_hz:g} Hz" if needs.rate_hz else "unknown, so not checked"
    seconds = f" ({needs.window_samples / needs.rate_hz:.3g} s)" if needs.rate_hz else ""
    count = len(needs.channels)
    return html.P(
        [
            f"It needs {'the channel' if count == 1 else f'{count} channels:'} ",
            html.Strong(listed(needs.channels)),
            " at least ",
            html.Strong(f"{needs.window_samples} samples{seconds}"),
            " long. Sampling rate: ",
            html.Strong(rate),
            ".",
        ],
        className="use-needs",
    )


def _options(needs: Needs) -> html.Div:
    rate = f"{needs.rate_hz:g} Hz" if needs.rate_hz else "the model's rate"
    numbers: list[Any] = [
        dmc.NumberInput(
            id=ids.RATE,
            label="Sampling rate of files that do not say it",
            suffix=" Hz",
            min=0,
            placeholder="from the files",
        )
    ]
    if needs.knows_speed:
        numbers.append(
            dmc.NumberInput(
                id=ids.RPM,
                label="Shaft speed of files that do not say it",
                suffix=" rpm",
                min=0,
                placeholder="from the file names",
            )
        )
    else:
        numbers.append(dcc.Store(id=ids.RPM))
    switches = [
        dmc.Switch(id=ids.RESAMPLE, label=f"Resample other rates to {rate}"),
        dmc.Switch(id=ids.IN_ORDER, label="Take channels in order where names differ"),
        dmc.Switch(id=ids.INTERPOLATE, label="Fill missing values by a line"),
    ]
    return html.Div(
        [html.Div(numbers, className="use-numbers"), html.Div(switches, className="use-switches")],
        className="use-options",
    )


def _drop_zone(experiment_id: int) -> html.Div:
    limit = format_bytes(settings().upload_limit_bytes)
    buttons = [
        dmc.Button("Choose files", id="use-files", leftSection=icon("file-earmark-plus")),
        dmc.Button("Send again", id="use-again", variant="default", disabled=True),
    ]
    progress = [
        html.Div(id="use-words", className="small"),
        html.Div(
            html.Div(id="use-bar"),
            className="upload-track",
            role="progressbar",
            **{"aria-label": "Upload", "aria-valuemin": 0, "aria-valuemax": 100},
        ),
        dmc.Button("Cancel", id="use-cancel", variant="subtle", size="compact-sm"),
    ]
    return html.Div(
        [
            icon("cloud-arrow-up", className="drop-icon"),
            html.Div(
                [
                    html.H3("Drop recordings or a folder here"),
                    html.P(
                        f"CSV, NPZ, NPY, MAT, HDF5, WAV or Parquet, up to {limit} together.",
                        className="muted",
                    ),
                ],
                className="drop-words",
            ),
            html.Div(buttons, className="row"),
            html.Div(progress, id="use-progress", className="upload-progress", hidden=True),
            html.Div(id="use-error", className="banner banner-error", role="alert", hidden=True),
        ],
        id=ids.DROP,
        className="drop-zone use-drop",
        role="group",
        **{"data-experiment": str(experiment_id), "aria-label": "Recordings to predict"},
    )
