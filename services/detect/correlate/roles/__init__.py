"""Roles: what each entity is in a group, and why, in words."""
