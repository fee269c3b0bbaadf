"""An address at which surely nobody listens: a port that is held, so that no other test's server can be given it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def nobody_listening() -> Iterator[int]:
    """A port of loopback that refuses every connection at once, as long as the block lasts."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])
