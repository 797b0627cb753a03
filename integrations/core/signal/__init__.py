"""Transforms and features of windows."""
