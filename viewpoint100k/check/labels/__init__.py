"""The second path to a label: from a row's stored columns and the text of its template, by formulas of its own.

It shares no code with the path that asked the question. `viewpoint100k.check.verify` holds the two against each other.
"""
