"""The config, and the shards, rows and assets that follow from it. Nothing is rendered here."""
