"""Component ids of the home screen."""

NOW = "home-now"
BODY = "home-body"
SEEN = "home-seen"
TICK = "home-tick"
