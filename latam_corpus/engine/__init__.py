"""Where the parts of a run are worked: the one package that imports datatrove."""
