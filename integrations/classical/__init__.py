"""Classical features: random forest, support vectors or boosting on standard features."""
