"""Builds rows from the plan: one block at a time, and engines that run many blocks."""
