"""Makes .venv from requirements.txt, once per content of that file. Needs only python3 with venv."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "requirements.sha256"
WANTED = ("requirements.txt", "pyproject.toml")


def main() -> int:
    """Leave .venv/bin/stanch ready; return the exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older interpreter must get a sentence, not a traceback
        return _fail(f"Stanch needs Python 3.11 or later; this is {sys.version.split()[0]}.")
    digest = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in WANTED)).hexdigest()
    if STAMP.exists() and STAMP.read_text() == digest:
        return 0
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian ships Python without it
        import venv  # noqa: PLC0415
    except ImportError:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        return _fail(f"Python's venv module is missing: install the package {package}.")
    print("installing pinned requirements into .venv (once)", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    venv.create(VENV, with_pip=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    for arguments in (["--require-hashes", "-r", "requirements.txt"], ["--no-deps", "--no-build-isolation", "-e", "."]):
        if code := subprocess.run([*pip, *arguments], cwd=ROOT, env=os.environ, check=False).returncode:
            return code
    STAMP.write_text(digest)
    return 0


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
