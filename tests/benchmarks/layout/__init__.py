"""Train the layout model, which finds the main text of web pages."""
