"""How a finished model holds when its signals get worse: noise, and channels that die."""
