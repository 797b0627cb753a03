"""What the settings screen does: the callbacks of each tab are registered by importing them."""

from dash_app.pages.settings import channels_callbacks, storage_callbacks  # noqa: F401
