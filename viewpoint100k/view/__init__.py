"""Pages to look at: what a source holds, and what a template gives."""
