"""The parts of the page that `viewpoint100k.report` writes: its numbers, its gallery, its drawings."""
