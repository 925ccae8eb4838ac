"""`latam-corpus release …` and `latam-corpus pull`, a module for each family of commands."""
