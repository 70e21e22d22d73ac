"""Runs a command for as long as its own standard input is open, so that the command never outlives whoever started it.

``python tests/servers/leash.py COMMAND...``: SIGTERM is passed on; when the input ends, by intent or because its owner
was killed, the command is killed.
"""

import signal
import subprocess
import sys
import threading


def main() -> int:
    """Hold the command until it ends."""
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    threading.Thread(target=_hold, args=(child,), daemon=True).start()
    return child.wait()


def _hold(child: "subprocess.Popen[bytes]") -> None:
    sys.stdin.buffer.read()
    child.kill()


if __name__ == "__main__":
    sys.exit(main())
