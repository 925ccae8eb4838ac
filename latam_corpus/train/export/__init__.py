"""Export tokens in the formats of other loaders, as their libraries write them."""
