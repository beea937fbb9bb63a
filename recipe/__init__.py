"""SFT and GRPO on the data set's published columns, and evaluation with controls."""
