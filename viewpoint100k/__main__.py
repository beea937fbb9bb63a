"""``python -m viewpoint100k``."""

from viewpoint100k.cli.app import main

main()
