"""What is sent to whoever has subscribed to changes."""
