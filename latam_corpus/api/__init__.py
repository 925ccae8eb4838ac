"""The public functions of `import latam_corpus`; the command line calls the same ones."""
