"""The finished data set: schema of a row, shards and manifest on the disk, and the card."""
