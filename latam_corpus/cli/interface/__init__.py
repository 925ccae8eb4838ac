"""How the command line is put together: options, output, languages, and completion."""
