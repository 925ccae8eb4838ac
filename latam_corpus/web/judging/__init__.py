"""Read and judge: one text a screen, by readers who don't see each other's answers, and how far they agree."""
