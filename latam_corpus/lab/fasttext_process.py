"""Training by fastText in a separate process, whose environment is set before it starts.

While training, fastText reads uninitialised memory and sometimes stops with "Encountered NaN". With
`MALLOC_MMAP_THRESHOLD_=4096`, 60 of 60 trainings succeeded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import CorpusError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_ENVIRONMENT: Final = {"MALLOC_MMAP_THRESHOLD_": "4096", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def fit_apart(module: str, lines: Iterable[str], out: Path, job: Mapping[str, Any]) -> None:
    """Run `python -m MODULE JOB.json`, which writes a model.

    The module ends in `run_job(fit)`. `lines` are labelled as fastText reads them, each with its line end; `job` has
    further arguments of `fit`, in addition to `lines` (the file's path) and `out`.

    Raises:
        CorpusError: fastText failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        text, job_file = Path(folder, "lines.txt"), Path(folder, "job.json")
        text.write_text("".join(lines), "utf-8")
        job_file.write_text(json.dumps({"lines": str(text), "out": str(out), **job}), "utf-8")
        result = subprocess.run(  # noqa: S603  (this interpreter, our own module)
            [sys.executable, "-m", module, str(job_file)],
            env=os.environ | _ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode:
        error_lines = result.stderr.strip().splitlines()
        raise CorpusError(
            str(out),
            _("fastText failed: {reason}", reason=error_lines[-1] if error_lines else result.returncode),
            _("try another seed"),
        )


def run_job(fit: Callable[[dict[str, Any]], None]) -> None:
    """Run the job in the file that is the command's argument."""
    fit(json.loads(Path(sys.argv[1]).read_text("utf-8")))
