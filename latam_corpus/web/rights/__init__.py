"""What may be done with the texts of a collection, the consents behind it, and a second person's approval."""
