"""What `import latam_corpus` gives to a notebook; the command line calls the same functions."""
