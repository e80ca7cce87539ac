"""The embedded broker, for a machine on which no broker is installed."""
