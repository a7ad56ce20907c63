"""What a library holds: libraries, members, folders, tags, assets and their files."""
