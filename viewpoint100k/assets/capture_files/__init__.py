"""Everything the sources of photographs share: reading files safely, lenses, pictures, and where up and centre are."""
