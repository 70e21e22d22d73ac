"""Configuration: YAML files with secrets by reference, validated whole; every error is listed with its file and line."""

from runtime.config.load import Configuration, load
from runtime.config.placing import placed
from runtime.config.validation import read_yaml, read_yaml_file

__all__ = ["Configuration", "load", "placed", "read_yaml", "read_yaml_file"]
