"""``python -m meltingspot_async.testing``."""

import sys

from .serving import main

sys.exit(main())
