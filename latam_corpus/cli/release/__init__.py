"""`latam-corpus release …` and `latam-corpus pull`, with a module per family of commands."""
