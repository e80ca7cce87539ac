"""Subscriptions: other systems have changes sent to them, each in order, until they have taken it."""
