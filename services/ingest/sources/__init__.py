"""The log sources, one file each. A file binds ``SOURCE: Final[Source]`` under its own name; nothing lists them."""
