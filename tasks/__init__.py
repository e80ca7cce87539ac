"""What gets done: Celery tasks that call inward, the channels, and the clock inside each worker."""
