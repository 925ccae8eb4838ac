"""The public functions of `import latam_corpus`, which the command line calls too."""
