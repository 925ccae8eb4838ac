"""Text as the input of compiled passes: word tables, normal forms, spellings, and markup as trees."""
