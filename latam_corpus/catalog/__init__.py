"""Sources and their terms: holders, rights, consent, and how their records map to documents."""
