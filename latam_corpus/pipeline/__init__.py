"""Read recipes, plan runs, and execute them, with a ledger of every change and drop."""
