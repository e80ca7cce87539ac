"""An event keeps what its sender expected, and the request with which it came; so does the audit log.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_EXPECTED = "the subject's as its sender has seen it; else it is refused"
_REQUEST = "of the request with which it came over HTTP"


def upgrade() -> None:
    op.add_column("events", sa.Column("expected_revision", sa.Integer, comment=_EXPECTED))
    op.add_column("events", sa.Column("request_id", sa.Text, comment=_REQUEST))
    comment = "of the request, as its answer and the logs name it"
    op.add_column("audit", sa.Column("request_id", sa.Text, comment=comment))


def downgrade() -> None:
    op.drop_column("audit", "request_id")
    op.drop_column("events", "request_id")
    op.drop_column("events", "expected_revision")
