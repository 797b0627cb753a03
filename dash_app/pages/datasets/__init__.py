"""The list of data sets, and the place to drop new recordings."""
