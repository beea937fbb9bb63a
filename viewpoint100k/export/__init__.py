"""Writes a finished data set in the file formats of other tools: one module for each tool."""
