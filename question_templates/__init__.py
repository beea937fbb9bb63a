"""The question types, one YAML file each: data, no code."""
