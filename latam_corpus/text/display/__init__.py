"""Text that is safe to show in terminals and spreadsheets."""
