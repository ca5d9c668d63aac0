# SPDX-License-Identifier: Apache-2.0
"""What the service says, by stderr into the journal."""

import sys


def log(text: str) -> None:
    """To the journal, by stderr."""
    sys.stderr.write('isolated-ports-host: ' + text + '\n')
    sys.stderr.flush()
