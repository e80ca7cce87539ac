"""``python -m workflow.cli``, the same as `makegood`."""

from workflow.cli import main

if __name__ == "__main__":  # processes that a command starts import this, too
    main()
