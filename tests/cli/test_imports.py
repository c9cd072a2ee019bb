"""What a command waits for before it begins: only what it needs."""

import subprocess
import sys


def test_commands_do_not_wait_for_the_schema():
    """It takes longer to make than all else together, and only serve, demo and schema need it."""
    ask = "import sys, exchange.cli; print([name for name in ('strawberry', 'graphql') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
