"""One of each: a source, a renderer, an export and an audit that join viewpoint100k by entry points."""
