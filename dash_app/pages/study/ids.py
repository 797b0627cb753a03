"""Component ids of the screen of a study."""

from __future__ import annotations

STUDY = "study-id"
BODY = "study-body"
POLL = "study-poll"
SEEN = "study-seen"
