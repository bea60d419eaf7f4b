"""`zkharvest` and `python -m zkharvest`: answers Ctrl-C from the first moment on, then loads the commands.

Nothing has been read or written while the commands are being loaded, so an interrupt can end the process on the spot.
"""

import gc
import os
import signal
import sys

_INTERRUPTED = 130


def _leave(*_: object) -> None:
    try:
        os.write(2, b"zkharvest: error: interrupted\n")
    finally:
        os._exit(_INTERRUPTED)


def main() -> int:
    """Run the process's own command line and return its exit code."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a background job ignores it, and goes on so
        signal.signal(signal.SIGINT, _leave)
    from zkharvest.cli import main as run

    code = run()
    gc.freeze()  # the process ends here: looking for cycles among a million objects would take half a second
    return code


if __name__ == "__main__":
    sys.exit(main())
