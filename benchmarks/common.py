"""What the benchmarks share. Import it before NumPy and torch: it sets them to one thread.

All are run the same way: the candidates take turns (A B C A B C ...), so that a busy machine disturbs each of them;
times are CPU times of this process; what is reported is the ratio of medians, below 1 where ours is faster.
"""

import json
import os
import platform
import statistics
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # two busy BLAS threads on a shared machine are many times slower than one

FOLDER = Path(__file__).resolve().parents[1] / "build" / "bench"


def medians(candidates, rounds, repeat):
    """{name: median CPU seconds of one call}, for {name: function}, taken in turns; the first round warms up."""
    times = {name: [] for name in candidates}
    for _ in range(rounds + 1):
        for name, function in candidates.items():
            began = time.process_time()
            for _ in range(repeat):
                function()
            times[name].append((time.process_time() - began) / repeat)
    return {name: statistics.median(found[1:]) for name, found in times.items()}


def report(title, rows):
    """Prints rows of dicts (work, peer, ours, theirs, goal; seconds) as a table and writes them to build/bench."""
    print(f"\n{title}: ratio of CPU times, ours / theirs\n")
    print(f"{'work':32} {'peer':24} {'ours':>10} {'theirs':>10} {'ratio':>7} {'goal':>7}")
    for row in rows:
        row["ratio"] = round(row["ours"] / row["theirs"], 3)
        goal = f"{row['goal']:7.2f}" if row["goal"] else " " * 7
        missed = "  missed" if row["goal"] and row["ratio"] > row["goal"] else ""
        print(f"{row['work']:32} {row['peer']:24} {micro(row['ours'])} {micro(row['theirs'])} {row['ratio']:7.2f} "
              f"{goal}{missed}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{title}.json"
    path.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")
    print(f"\n{path}")


def micro(seconds):
    return f"{seconds * 1e6:7.1f} us"


def machine():
    """What the figures were measured with."""
    import numpy as np

    found = {"python": platform.python_version(), "numpy": np.__version__, "processors": os.cpu_count()}
    try:
        import torch

        torch.set_num_threads(1)
        found["torch"] = torch.__version__
    except ImportError:
        pass
    return found
