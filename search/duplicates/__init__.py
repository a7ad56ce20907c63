"""Pictures that are there twice: how they are found, grouped, shown and decided about. See docs/duplicates.md."""
