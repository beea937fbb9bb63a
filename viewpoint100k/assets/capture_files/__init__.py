"""Shared code of the sources of photographs: safe reading of files, lenses, images, and the up axis and centre."""
