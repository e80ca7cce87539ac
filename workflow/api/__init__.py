"""The HTTP door for other systems: one file a resource, wired in `app`."""
