"""Sending folders, files, buckets and addresses to a library: what is there, what has been sent, and the rest."""
