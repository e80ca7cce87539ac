"""The program `makegood`, which `python -m workflow.cli` is, too."""

from workflow.supervisor.interpreter import leave_out_current_folder


def start() -> None:
    """Run the command that this process was started with; nothing is imported from the current folder."""
    leave_out_current_folder()
    from workflow.cli import main  # after that: what a command needs is found elsewhere

    main()


if __name__ == "__main__":  # processes that a command starts import this, too
    start()
