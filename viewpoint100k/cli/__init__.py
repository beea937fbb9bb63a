"""The command line ``viewpoint100k``: one file for each verb, and how errors end a command."""
