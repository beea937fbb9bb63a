"""Shared services of a process: environment variables, files, progress and timing."""
