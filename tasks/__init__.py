"""What gets done: Celery tasks that call inward, the channels, and the scheduler beside each worker."""
