"""ingest: records in, OCSF events out."""
