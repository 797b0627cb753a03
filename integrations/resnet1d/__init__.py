"""1D ResNet: a deep residual network on the raw waveform."""
