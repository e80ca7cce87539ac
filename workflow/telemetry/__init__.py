"""What operators read: logs and cached figures."""
