"""1D CNN: a convolutional network on the raw waveform."""
