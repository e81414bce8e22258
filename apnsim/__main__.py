"""``python -m apnsim`` is ``apnsim``."""

import sys

from apnsim.cli import main

sys.exit(main())
