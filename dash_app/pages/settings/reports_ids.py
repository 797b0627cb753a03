"""Component ids of the reports tab."""

from __future__ import annotations

AUTHOR = "reports-author"
ORGANISATION = "reports-organisation"
NOTE = "reports-note"
SECTIONS = "reports-sections"
SAVE = "reports-save"
SAVED = "reports-saved"
TICK = "reports-tick"
MADE = "reports-made"
MADE_SEEN = "reports-made-seen"
