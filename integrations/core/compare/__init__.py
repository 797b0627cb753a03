"""Whether runs differ: paired tests on the same test recordings, intervals and words."""
