"""Component ids of the home screen."""
