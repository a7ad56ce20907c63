"""What is measured: names, what they mean, and by what they are told apart. Labels have few values: routes, never paths
or people. Libraries are told by their slug."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)  # seconds

HISTOGRAMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "dam_request_seconds": ("Requests, by the name of their route.", ("route", "method", "status")),
    "dam_search_seconds": ("Searches, by what they ask with and how the index went about it.", ("kind", "plan")),
    "dam_search_part_seconds": ("Parts of searches: encode, search, words, bands, load.", ("part",)),
    "dam_task_seconds": ("Tasks of workers.", ("task", "state")),
}
COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "dam_ranking_cache": ("Pages of searches, by whether their ranking was remembered.", ("result",)),
}
GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "dam_queue_depth": ("Messages that wait in a queue of Celery.", ("queue",)),
    "dam_queue_workers": ("Workers that live and listen to a queue.", ("queue",)),
    "dam_waiting": ("Records that wait: renditions, deliveries.", ("what",)),
    "dam_index_assets": ("Assets by how they stand under a model.", ("model", "state")),
    "dam_index_per_second": ("Vectors made in the last minutes.", ("model",)),
    "dam_index_complete": ("Whether a model has all its indexes.", ("model",)),
    "dam_failures": ("What has failed and was not tried again.", ("what", "reason")),
    "dam_jobs": ("Jobs.", ("state",)),
    "dam_recall": ("Share of the exact nearest that was found, when it was last measured.", ("model", "kind", "scope")),
    "dam_recall_measured_timestamp_seconds": ("When recall was last measured.", ("model",)),
    "dam_storage_bytes": ("Bytes of files, as measured every night.", ("library", "kind")),
    "dam_disk_free_bytes": ("Free on the disk of the data folder.", ()),
    "dam_invalid_indexes": ("Indexes of the database that are not valid.", ()),
    "dam_db_connections": ("Connections to the database.", ("state",)),
    "dam_db_connections_limit": ("How many there may be.", ()),
    "dam_beat_timestamp_seconds": ("When a periodic job last ran.", ()),
    "dam_backup_timestamp_seconds": ("When a backup was last complete.", ()),
    "dam_up": ("1 where what these figures are read from has answered.", ("part",)),
}
