"""The tables of the results' database, made and changed by numbered migrations."""

from pathlib import Path

from shared.database.connection import Run

_MIGRATIONS = Path(__file__).with_name("migrations")

# Any number: it keeps two containers from migrating at the same time.
_LOCK = 5_230_471

_CREATE_VERSIONS = """
CREATE TABLE IF NOT EXISTS seashore_migrations (
    name        text PRIMARY KEY,
    applied_at  timestamptz NOT NULL DEFAULT now()
)
"""


def apply_migrations(run: Run) -> None:
    """Apply the migrations that the database has not seen, in their order.

    Args:
        run: Runs a statement; all of them in one transaction.
    """
    [[has_versions]] = run("SELECT to_regclass('seashore_migrations') IS NOT NULL", {})
    if has_versions and not _list_pending(run):
        return
    run("SELECT pg_advisory_xact_lock(:key)", {"key": _LOCK})
    run(_CREATE_VERSIONS, {})
    for path in _list_pending(run):
        run(path.read_text(encoding="utf-8"), {})
        run("INSERT INTO seashore_migrations (name) VALUES (:name)", {"name": path.name})


def _list_pending(run: Run) -> list[Path]:
    applied = {name for (name,) in run("SELECT name FROM seashore_migrations", {})}
    return [path for path in sorted(_MIGRATIONS.glob("*.sql")) if path.name not in applied]
