"""Clusters of pictures that look alike: nested partitions at five levels, 0 the finest and 4 the coarsest.

What pages and APIs call; the scope of assets that they give decides what is counted and shown. How clusters come to be:
`computing` (all anew), `joining` (one more), `linkage` and `graph` (the arithmetic), `heights`, `identity`, `sweeping`.
"""

from search.clusters.browsing import PREVIEWS, Group, Listed, browse, counted, current, group, of, opened, previews

__all__ = ["PREVIEWS", "Group", "Listed", "browse", "counted", "current", "group", "of", "opened", "previews"]
