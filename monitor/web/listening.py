"""The socket on which the pages are served."""

import socket


def listen(host: str, port: int) -> socket.socket:
    """Listens. Raises `OSError` where the port is taken or may not be had.

    What is accepted from it sends at once. asyncio sets that only on sockets made with the protocol's number, which
    `socket.create_server` does not; without it every answer but a connection's first waits some 40 ms for the
    browser's delayed acknowledgement.
    """
    listening = socket.create_server((host, port))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
