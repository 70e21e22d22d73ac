"""Prints the targets of a Makefile that carry a ``##`` comment."""

import re
import sys
from pathlib import Path

TARGET = re.compile(r"^(?P<name>[a-z-]+):[^#]*##\s*(?P<what>.*)$")

for line in Path(sys.argv[1]).read_text().splitlines():
    if found := TARGET.match(line):
        print(f"  make {found['name']:<10}{found['what']}")
