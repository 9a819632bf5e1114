"""Looks for tokens in its environment. 42: there are none."""
import os
import sys

sys.exit(0 if any("SECRET" in name or "TOKEN" in name or "KEY" in name for name in os.environ) else 42)
