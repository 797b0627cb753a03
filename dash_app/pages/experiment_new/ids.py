"""Component ids of the wizard."""

from __future__ import annotations

from typing import Any

from dash import ALL, MATCH

from dash_app.forms import field_id

FORM = "wizard"
STEPS = "wizard-steps"
KEY = "wizard-key"
SPECS = "wizard-specs"
FAULTS = "wizard-faults"
SUMMARY = "wizard-summary"
MODEL_PANEL = "wizard-model"
CONFIGURE_PANEL = "wizard-configure"
REVIEW_PANEL = "wizard-review"
LAUNCHING = "wizard-launching"
REFUSAL = "wizard-refusal"
PANELS = tuple(f"wizard-panel-{number}" for number in range(4))
DATASET = "wizard-dataset"
FAMILY = "wizard-family"
PRESET = "wizard-preset"
EXPERT = "wizard-expert"
EXPERT_FORM = "wizard-expert-form"
SPLIT_PREVIEW = "wizard-split-preview"
YAML = "wizard-yaml"
NAME = "wizard-name"
BACK = "wizard-back"
NEXT = "wizard-next"
START = "wizard-start"
OVER = "wizard-over"
PRIORITY = "wizard-priority"
TIME_LIMIT = "wizard-time-limit"
REPEATS = "wizard-repeats"
VARY_SPLIT = "wizard-vary-split"
SAVE_CONFIG = "wizard-save-config"
SAVE_PRESET = "wizard-save-preset"
PRESET_MODAL = "wizard-preset-modal"
PRESET_NAME = "wizard-preset-name"
PRESET_KEEP = "wizard-preset-keep"

ALL_DRAFTS: dict[str, Any] = {"type": "wizard-draft", "origin": ALL}
ALL_FIELDS: dict[str, Any] = {"type": "wizard-field", "path": ALL}
ALL_SWITCHES: dict[str, Any] = {"type": "wizard-switch", "path": ALL}
ALL_SLIDERS: dict[str, Any] = {"type": "wizard-slider", "path": ALL}
ALL_WRAPS: dict[str, Any] = {"type": "wizard-wrap", "path": ALL}
ALL_OPTIONS: dict[str, Any] = {"type": "wizard-options", "path": ALL}
ONE_OPTIONS: dict[str, Any] = {"type": "wizard-options", "path": MATCH}
ONE_FIELD: dict[str, Any] = {"type": "wizard-field", "path": MATCH}
ALL_NOTES: dict[str, Any] = {"type": "wizard-was", "path": ALL}
SPLIT_FIELD = field_id(FORM, "data.split_field")
TEST_VALUES = field_id(FORM, "data.test_values")


def draft_id(origin: str) -> dict[str, str]:
    """Give the id of the draft's store; each way into the wizard keeps its own draft."""
    return {"type": "wizard-draft", "origin": origin}
