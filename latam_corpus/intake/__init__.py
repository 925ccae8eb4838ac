"""Check the source file, survey the folder, and preview the texts that a partner hands over."""
