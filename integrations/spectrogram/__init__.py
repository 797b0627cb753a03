"""Spectrogram: a two-dimensional network on time-frequency images."""
