"""``make demo-train``: trains a model with random weights on this machine and evaluates it."""
