"""Recomputes a label from a row's stored columns and the text of its template, with independent formulas.

It shares no code with the code that asked the question. `viewpoint100k.check.verify` compares the two.
"""
