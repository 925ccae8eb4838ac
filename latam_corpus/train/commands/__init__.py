"""The commands of trainers."""
