"""Text as compiled passes read it: word tables, normal forms, spellings, and markup as trees."""
