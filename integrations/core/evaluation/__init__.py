"""What a finished run is worth, and how it is kept."""
