"""REST over evidence: files on their way in, and single records."""
