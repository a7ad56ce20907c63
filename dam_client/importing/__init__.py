"""Sending folders, files, buckets and addresses to a library: what there is, what has been sent, and sending the rest."""
