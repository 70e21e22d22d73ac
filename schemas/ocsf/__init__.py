"""The OCSF 1.8.0 classes that ingest emits: their numbers, what each requires, the objects inside."""
