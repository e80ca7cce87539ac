"""The way of events from a request to their commit: `POST /v1/events`."""
