"""Builds rows from the plan: builds one block at a time, with engines that run many blocks."""
