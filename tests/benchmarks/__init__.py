"""What the toolkit costs: scripts that anyone can rerun on the public texts that they name.

`python -m tests.benchmarks NAME` in the checkout's root prints a table; `--save` keeps it in `results/`.
"""
