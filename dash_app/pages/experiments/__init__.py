"""The history of experiments: a table one can live in."""
