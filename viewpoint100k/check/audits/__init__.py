"""The audits, one subject a file: what they read, what they guess from, how they judge."""
