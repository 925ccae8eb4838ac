"""Write the files that describe a version: card, Croissant, changelog and obligations."""
