"""The compiled look for pairs to check."""

# mypy: allow-untyped-defs

from latam_corpus.compiled import kernel


@kernel
def copy_pieces(values, starts, ends, made):
    """Copy runs of values one after another, from each start on as many as fit between two ends."""
    for k in range(len(starts)):
        n = ends[k + 1] - ends[k]
        made[ends[k] : ends[k] + n] = values[starts[k] : starts[k] + n]
