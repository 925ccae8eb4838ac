"""The files of a source: how they are listed, named, and described by catalogues."""
