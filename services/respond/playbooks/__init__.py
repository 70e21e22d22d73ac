"""Playbooks: one YAML file each, validated when they are loaded."""
