"""Vision-language models made from nothing: a tiny one for tests, and a small one that learns the task on a CPU."""
