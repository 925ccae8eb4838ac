"""One document's whole life, shown: above the core and its wings, since it uses them all."""
