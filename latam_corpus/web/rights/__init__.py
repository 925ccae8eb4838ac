"""Rights of a collection: the allowed uses, the consents, and a second person's approval."""
