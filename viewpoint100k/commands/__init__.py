"""The verbs of the command line, one file each: it parses, calls one function, prints, and sets the exit code."""
