"""Which cameras to place, which frames make a pair, and whether the pair can be answered from its images."""
