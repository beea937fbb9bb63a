"""The audits of `viewpoint100k.audit`, one subject a file: what they read, what they guess from, how they judge."""
