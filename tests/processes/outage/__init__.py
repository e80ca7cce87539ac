"""An outage played on the real stack: who hears what, and when."""
