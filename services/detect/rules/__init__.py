"""Sigma rules that come with the product; files, not code."""
