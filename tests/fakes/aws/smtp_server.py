"""An SMTP server on loopback that keeps what it is sent (RFC 5321, as far as a sender needs it)."""

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage


class _Session(socketserver.StreamRequestHandler):
    def handle(self):
        self._answer("220 here")
        recipients = []
        while line := self.rfile.readline():
            verb = line.split(b" ")[0].strip().upper()
            if verb in (b"EHLO", b"HELO"):
                self._answer("250 here")
            elif verb == b"MAIL":
                recipients = []
                self._answer("250 go on")
            elif verb == b"RCPT":
                recipients.append(line.decode().partition(":")[2].split()[0].strip("<>\r\n"))
                self._answer("250 go on")
            elif verb == b"DATA":
                self._answer("354 until a line with only a dot")
                self.server.keep(recipients, self._read_data())
                self._answer("250 kept")
            elif verb == b"QUIT":
                self._answer("221 bye")
                return
            else:
                self._answer("502 not here")

    def _read_data(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def _answer(self, line):
        self.wfile.write(f"{line}\r\n".encode())


class SmtpServer(socketserver.ThreadingTCPServer):
    """Listens on a free port as long as the `with` block lasts."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Session)
        self._lock = threading.Lock()
        self._mails: list[tuple[list[str], EmailMessage]] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self.shutdown()
        self._thread.join()
        self.server_close()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"

    def keep(self, recipients, content):
        message = email.message_from_bytes(content, policy=email.policy.default)
        with self._lock:
            self._mails.append((recipients, message))

    def find(self, words):
        """The mails whose subject holds some words: recipients and message."""
        with self._lock:
            return [(to, mail) for to, mail in self._mails if words in mail["Subject"]]
