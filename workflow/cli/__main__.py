"""The program `makegood`, which `python -m workflow.cli` is, too."""

import os

from workflow.supervisor.interpreter import collect_seldom, leave_out_current_folder

_OF_CELERY = (
    "CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL", "CELERY_RESULT_BACKEND",
)  # fmt: skip
"""Celery lets these go before what an app was told. Where they are set, they are another project's."""


def start() -> None:
    """Run the command that this process was started with: our code and settings, in anybody's shell."""
    leave_out_current_folder()
    collect_seldom()
    for name in _OF_CELERY:
        os.environ.pop(name, None)
    from workflow.cli import main  # after that: what a command needs is found elsewhere

    main()


if __name__ == "__main__":  # processes that a command starts import this, too
    start()
