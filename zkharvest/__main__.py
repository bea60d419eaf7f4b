"""`python -m zkharvest`."""

import sys

from zkharvest.cli import main

sys.exit(main())
