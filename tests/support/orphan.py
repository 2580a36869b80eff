"""Run as a script: opens a link, prints its child's process id, then waits to be killed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tinybench.link import open_link
from tinybench.link.process import ProcessLink

if __name__ == "__main__":
    link = open_link(sys.argv[1], log=Path(sys.argv[2]))
    assert isinstance(link, ProcessLink)
    print(link.child.pid, flush=True)
    time.sleep(600)
