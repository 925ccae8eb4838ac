"""Measure the costs of the toolkit: scripts that anyone can rerun on public texts.

`python -m tests.benchmarks NAME` in the checkout's root prints a table; `--save` keeps it in `results/`.
"""
