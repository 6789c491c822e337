"""Run the migrations on the connection that `store.database` hands over, or on the URL given to `alembic -x url=…`."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from overheard.store import (  # noqa: F401 (their tables)
    alerts,
    digests,
    inbox,
    surveys,
    targets,
    themes,
    totals,
)
from overheard.store import search as search
from overheard.store.tables import Base


def _run(connection: object) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)  # type: ignore[arg-type]
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["url"]).connect() as own:
        _run(own)
