"""Channels: how notices reach people. One adapter a file, behind the port `Channel`."""
