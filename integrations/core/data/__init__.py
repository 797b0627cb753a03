"""Data sets: reading, storing, cutting into windows, dividing."""
