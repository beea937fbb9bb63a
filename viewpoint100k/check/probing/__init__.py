"""The parts of `viewpoint100k.check.probe`."""
