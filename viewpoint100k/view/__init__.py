"""Pages for people: the viewer of rows, the inventory of a source, and the preview of a template."""
