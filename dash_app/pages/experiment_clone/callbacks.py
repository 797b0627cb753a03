"""Cloning acts through the wizard's callbacks (see experiment_new/callbacks.py)."""
