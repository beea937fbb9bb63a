"""Everything that needs a GPU, in a quarter of an hour, without a network: see docs/gpu.md."""
