"""The self-contained page ``report.html`` of a finished data set."""
