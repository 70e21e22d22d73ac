"""Connectors: each speaks to one product. One file each, bound to ``CONNECTOR``."""
