"""Requests over the network, and WARC files of the answers."""
