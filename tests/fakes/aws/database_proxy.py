"""What RDS Proxy is to its callers: a door to PostgreSQL that opens for TLS alone."""

import socket
import socketserver
import ssl
import struct
import threading
from contextlib import contextmanager, suppress

_TLS_REQUEST = struct.pack("!ii", 8, 80877103)


@contextmanager
def running_proxy(server_socket, certificate, key):
    """Run a proxy on loopback; its port.

    Args:
        server_socket: The socket file of PostgreSQL.
        certificate: File of the certificate to show.
        key: File of its key.
    """
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            if self.request.recv(8) != _TLS_REQUEST:
                return
            self.request.sendall(b"S")
            # The other side may hang up, as it does on a certificate that it does not trust.
            with (
                suppress(OSError),
                tls.wrap_socket(self.request, server_side=True) as caller,
                socket.socket(socket.AF_UNIX) as server,
            ):
                server.connect(str(server_socket))
                back = threading.Thread(target=_copy, args=(server, caller), daemon=True)
                back.start()
                _copy(caller, server)
                back.join()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _copy(source, target):
    """Pass bytes on until one side is gone, and let the other know."""
    with suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
    for side in (source, target):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
