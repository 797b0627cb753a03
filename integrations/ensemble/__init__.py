"""Ensemble: several finished experiments on the same split decide together."""
