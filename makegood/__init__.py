"""What other programs import: clients of makegood's HTTP API. Stands on httpx alone."""

from makegood.async_client import AsyncClient
from makegood.client import Client
from makegood.errors import ClientError
from makegood.event import Event

__all__ = ["AsyncClient", "Client", "ClientError", "Event", "__version__"]

__version__ = "0.1.0"
