"""pydantic model → inputs, values → model, each error to the field it belongs to."""

from dash_app.forms.fields import (
    PICKERS,
    FieldKind,
    FieldSpec,
    SectionSpec,
    all_fields,
    sections_of,
)
from dash_app.forms.inputs import as_client_spec, field_id, field_input, path_of, switch_id
from dash_app.forms.validation import Checked, check
from dash_app.forms.values import parse_number, scientific, to_values

__all__ = [
    "PICKERS",
    "Checked",
    "FieldKind",
    "FieldSpec",
    "SectionSpec",
    "all_fields",
    "as_client_spec",
    "check",
    "field_id",
    "field_input",
    "parse_number",
    "path_of",
    "scientific",
    "sections_of",
    "switch_id",
    "to_values",
]
