"""The config, the shards and rows that follow from it, and the assets that they use. Nothing is rendered here."""
