"""Open the resviz window."""

import sys

from app.startup import main

if __name__ == "__main__":
    sys.exit(main(sys.argv))
