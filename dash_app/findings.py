"""Where the action of a finding leads; shared by the Overview tab and the REST interface."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from integrations.core.checks import Action, ActionKind


def address_of(experiment_id: int, action: Action) -> str:
    """Give the page that carries an action out, made of numbers and names of settings only.

    Args:
        experiment_id: The run the finding is about.
        action: Of the finding.
    """
    ids = ",".join(str(int(number)) for number in action.ids)
    first = ids.partition(",")[0]
    results = f"/experiment/{experiment_id}/results"
    return {
        ActionKind.CLONE: f"/experiment/clone/{experiment_id}{_changes(action)}",
        ActionKind.REPEAT: f"/experiment/clone/{experiment_id}?{_repeats(action)}",
        ActionKind.LEARNING_CURVE: f"{results}?tab=overview",
        ActionKind.ENSEMBLE: f"/experiment/new?members={ids}",
        ActionKind.COMPARE: f"/compare?ids={ids}",
        ActionKind.OPEN: f"/experiment/{first}/results",
        ActionKind.STUDY: f"/study/{first}",
        ActionKind.DATA: f"/datasets/{first}",
        ActionKind.METRICS: f"{results}?tab=metrics",
        ActionKind.FAILURES: f"{results}?tab=failures",
    }[action.kind]


def _changes(action: Action) -> str:
    if not action.settings:
        return ""
    pairs = [f"{path}={_plain(value)}" for path, value in action.settings.items()]
    return "?" + urlencode({"set": ";".join(pairs)})


def _repeats(action: Action) -> str:
    return urlencode({"repeats": int(action.settings.get("repeats", 1)), "step": 3})


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
