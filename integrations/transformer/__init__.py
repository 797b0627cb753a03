"""Transformer: self-attention over pieces of the raw waveform."""
