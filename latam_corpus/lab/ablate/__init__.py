"""Which documents make the better model: small models, trained alike on each choice of documents, and compared."""
