"""What a partner hands over: check its source file, survey its folder, and preview its texts."""
