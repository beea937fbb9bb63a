"""``python -m viewpoint100k``."""

from viewpoint100k.cli import main

main()
