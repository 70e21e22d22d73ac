"""The doors: where records come in, and how containers are split into single ones."""
