"""Routes in: webhooks and mails of systems that speak no CloudEvents, mapped to events by a YAML file
each."""
