"""Classical features: forests, support vectors, boosting, a linear model, or MiniRocket."""
