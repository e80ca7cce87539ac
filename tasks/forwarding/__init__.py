"""The forwarder: a process beside a worker that sends changes to those who have subscribed to them."""
