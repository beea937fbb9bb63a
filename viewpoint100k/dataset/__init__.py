"""The finished data set: the schema of a row, shards and manifest on disk, and the card."""
