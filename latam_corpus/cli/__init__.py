"""The command line, one module a command group."""

import os

# Small products on many BLAS threads take more processor time and no less of the clock; parts run in parallel instead.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
