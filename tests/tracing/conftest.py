"""An installation of real processes, as those of `tests/processes`."""

from tests.processes.conftest import broker_server, installation

__all__ = ["broker_server", "installation"]
