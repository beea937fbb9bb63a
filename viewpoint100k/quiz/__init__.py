"""A page on which people answer rows, and the evaluation of its result files."""
