"""The audits: reading rows, guessing answers from shortcuts, and judging the guesses."""
