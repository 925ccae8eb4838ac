"""Requests over the network, and the WARC files of their responses."""
