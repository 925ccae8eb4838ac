"""The commands that train and measure models, and suggest bounds."""
