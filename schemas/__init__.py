"""Contracts: what travels between services, and the vocabulary they share."""
