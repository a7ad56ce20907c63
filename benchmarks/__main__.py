"""`python -m benchmarks`: start servers of its own in a throwaway folder, measure, print Markdown tables."""

import argparse
import os
import platform
from collections.abc import Callable
from pathlib import Path

from benchmarks.standalone import for_servers

# Parts that bring their own pictures, parts that measure a filled library, and those that run if none is named.
ALONE = ("encoding", "import", "memory", "facets", "purity")
FILLED = ("queries", "recall", "words", "outliers", "clusters", "models", "engines", "index", "dialects", "pages")
USUAL = ("encoding", "import", "memory", "facets", "queries", "recall", "words", "outliers")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join((*ALONE, *FILLED))}; {', '.join(USUAL)} if absent")
    parser.add_argument("--assets", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--queries", type=int, default=200, help="how many of each kind are timed")
    parser.add_argument("--photos", type=int, default=120, help="how many 12-megapixel photographs are imported")
    photographs = Path("../shared/data/photos")
    parser.add_argument("--judged", type=Path, default=photographs, help="photographs with one folder per class")
    parser.add_argument("--keep", type=Path, help="a folder for servers and libraries that the next run finds filled")
    args = parser.parse_args()
    if unknown := set(args.parts) - {*ALONE, *FILLED}:
        parser.error(f"there is no part {min(unknown)}")
    return args


def main() -> None:
    args = arguments()
    os.environ.setdefault("DAM_RATE_USER", "1000000/min")
    with for_servers(args.keep) as data_dir:
        measure(args, data_dir)


def measure(args: argparse.Namespace, data_dir: Path) -> None:
    import django
    from django.core.management import call_command

    from dam.embedded.servers import servers

    django.setup()
    from benchmarks import (
        clusters,
        dialects,
        encoding,
        engines,
        facet_times,
        import_speed,
        index_costs,
        memory,
        model_build,
        outlier_times,
        page_times,
        query_times,
        recall,
        word_search,
    )
    from benchmarks.filling import Filled, fill

    with servers(data_dir) as running:
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("setup_model", verbosity=0)
        print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
        wanted = args.parts or USUAL
        alone: dict[str, Callable[[], None]] = {
            "encoding": lambda: encoding.run(data_dir),
            "import": lambda: import_speed.run(running, photos=args.photos),
            "memory": lambda: memory.run(running),
            "facets": lambda: facet_times.run(args.assets),
            "purity": lambda: clusters.photographs(args.judged),
        }
        filled_parts: dict[str, Callable[[Filled], None]] = {
            "queries": lambda filled: query_times.run(running, filled, queries=args.queries),
            "recall": lambda filled: recall.run(filled, queries=args.queries),
            "words": lambda filled: word_search.run(filled, times=args.queries),
            "outliers": lambda filled: outlier_times.run(filled),
            "clusters": lambda filled: clusters.run(filled),
            "models": lambda filled: model_build.run(),
            "engines": lambda filled: engines.run(running, filled, queries=args.queries),
            "pages": lambda filled: page_times.run(running, filled, times=args.queries),
            "dialects": lambda filled: dialects.run(running, filled, queries=args.queries),
            "index": lambda filled: index_costs.run(running, filled, queries=args.queries),
        }
        for name in (name for name in ALONE if name in wanted):
            alone[name]()
        for assets in args.assets if set(FILLED) & set(wanted) else ():
            filled = fill(assets)
            for name in (name for name in FILLED if name in wanted):
                filled_parts[name](filled)


if __name__ == "__main__":
    main()
