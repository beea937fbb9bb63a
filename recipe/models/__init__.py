"""Vision-language models with random weights: a tiny one for tests, and a small one that learns the task on a CPU."""
