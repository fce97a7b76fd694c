"""Long work in the background: by items, in parts that are rows, resumable, with progress."""
