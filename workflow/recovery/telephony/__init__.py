"""Calls by Twilio in which the agent is rung first."""
