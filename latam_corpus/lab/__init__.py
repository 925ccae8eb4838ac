"""Makes what is shipped: trains and calibrates the models, and suggests bounds."""
