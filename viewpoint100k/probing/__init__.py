"""The parts of `viewpoint100k.probe`."""
