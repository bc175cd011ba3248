"""`python -m resviz`: everything the window can do, without the window."""

import sys

from resviz.cli import main

if __name__ == "__main__":
    sys.exit(main())
