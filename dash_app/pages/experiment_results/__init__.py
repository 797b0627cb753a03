"""What a finished experiment is worth."""
