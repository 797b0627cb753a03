"""What the home screen does."""
