"""What all families share: contract, data, signals, training, evaluation, figures."""
