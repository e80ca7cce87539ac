"""What has happened and what is due, and the doors to it."""
