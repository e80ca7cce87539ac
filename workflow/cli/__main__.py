"""``python -m workflow.cli``, the same as `makegood`."""

from workflow.cli import main

main()
