"""The Celery client: settings, messages, the notifier and wake-ups."""
