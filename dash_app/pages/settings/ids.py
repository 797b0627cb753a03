"""Component ids of the settings screen."""

CHANNELS = "settings-channels"
