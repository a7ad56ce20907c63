"""Markdown tables and percentiles."""

from collections.abc import Sequence

import numpy as np


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    print(f"### {title}\n")
    print("| " + " | ".join(header) + " |")
    print("|" + " --- |" * len(header))
    for row in rows:
        print("| " + " | ".join(f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in row) + " |")
    print(flush=True)


def p50_p95(values: Sequence[float]) -> str:
    return f"{np.percentile(values, 50):.1f} / {np.percentile(values, 95):.1f}"
