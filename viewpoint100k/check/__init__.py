"""Checks of a finished data set folder: labels recomputed, shortcut audits, and a learned probe."""
