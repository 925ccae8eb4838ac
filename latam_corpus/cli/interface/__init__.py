"""The parts of the command line that all commands share: options, output, languages, and completion."""
