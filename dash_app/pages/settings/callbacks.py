"""What the settings screen does: the callbacks of each tab are registered by importing them."""

from dash_app.pages.settings import (  # noqa: F401
    channels_callbacks,
    reports_callbacks,
    storage_callbacks,
)
