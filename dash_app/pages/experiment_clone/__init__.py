"""The wizard, filled from an earlier run."""
