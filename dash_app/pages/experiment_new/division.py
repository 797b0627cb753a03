"""How a draft divides its data: the split's summary and what is doubtful about it."""

from __future__ import annotations

from functools import lru_cache

from dash_app.forms import check
from dash_app.pages.experiment_new.choices import stored_info
from dash_app.pages.experiment_new.draft import Draft
from integrations.core.config import DataConfig
from integrations.core.contract import Problem
from integrations.core.data.split_checks import split_problems
from integrations.core.data.splits import SplitError, preview_split
from integrations.core.evaluation.evaluation import SplitSummary
from storage.entities import DatasetEntity


def division_of(draft: Draft, entity: DatasetEntity) -> tuple[list[Problem], SplitSummary | None]:
    """Divide the data as the draft says; no summary while its data settings are not valid."""
    config = _data_config(draft)
    if config is None:
        return [], None
    return _division(entity.folder, entity.fingerprint, config.model_dump_json())


def split_digest(draft: Draft, entity: DatasetEntity) -> str:
    """Give what identifies the draft's data, windows and split; "" while they are not valid."""
    _, summary = division_of(draft, entity)
    return summary.digest if summary else ""


def _data_config(draft: Draft) -> DataConfig | None:
    """Read the data settings alone, so that the split is shown while others are being mended."""
    start = "data."
    own = {p.removeprefix(start): raw for p, raw in draft.values.items() if p.startswith(start)}
    return check(DataConfig, own).config


@lru_cache(maxsize=64)
def _division(
    folder: str, fingerprint: str, config: str
) -> tuple[list[Problem], SplitSummary | None]:
    info, data = stored_info(folder, fingerprint), DataConfig.model_validate_json(config)
    problems = split_problems(info, data)
    try:
        return problems, preview_split(info, data)
    except SplitError:
        return problems, None
