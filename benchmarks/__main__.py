"""`python -m benchmarks`: start servers of its own in a throwaway folder, measure, print Markdown tables."""

import argparse
import os
import platform
import shutil
import tempfile
from pathlib import Path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help="import, queries, recall, memory, encoding; all of them if absent")
    parser.add_argument("--assets", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--queries", type=int, default=200, help="how many of each kind are timed")
    parser.add_argument("--photos", type=int, default=120, help="how many 12-megapixel photographs are imported")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    data_dir = Path(tempfile.mkdtemp(prefix="dam-bench-")).resolve()
    data_dir.chmod(0o711)
    os.environ.update(DAM_DATA_DIR=str(data_dir), DJANGO_SETTINGS_MODULE="dam.settings", DAM_LOG_LEVEL="WARNING")
    os.environ.setdefault("DAM_MODEL", "offline")
    os.environ.setdefault("DAM_RATE_USER", "1000000/min")
    try:
        measure(args, data_dir)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


def measure(args: argparse.Namespace, data_dir: Path) -> None:
    import django
    from django.core.management import call_command

    from dam.embedded.servers import servers

    django.setup()
    from benchmarks import encoding, import_speed, memory, query_times, recall
    from benchmarks.filling import fill

    with servers(data_dir) as running:
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("setup_model", verbosity=0)
        print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
        wanted = args.parts or ["encoding", "import", "queries", "recall", "memory"]
        if "encoding" in wanted:
            encoding.run(data_dir)
        if "import" in wanted:
            import_speed.run(running, photos=args.photos)
        if "memory" in wanted:
            memory.run(running)
        if {"queries", "recall"} & set(wanted):
            for assets in args.assets:
                filled = fill(assets)
                if "queries" in wanted:
                    query_times.run(running, filled, queries=args.queries)
                if "recall" in wanted:
                    recall.run(filled, queries=args.queries)


if __name__ == "__main__":
    main()
