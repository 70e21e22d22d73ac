"""Declared mappings: any JSON becomes OCSF through a YAML file that says which field goes where."""
