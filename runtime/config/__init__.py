"""Configuration: YAML files with secrets by reference, validated whole; every error is listed with its file and line."""

from runtime.config.load import Configuration, load
from runtime.config.validation import read_yaml, read_yaml_file

__all__ = ["Configuration", "load", "read_yaml", "read_yaml_file"]
