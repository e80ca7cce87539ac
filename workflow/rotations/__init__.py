"""Rotations that come from elsewhere: the shifts of an iCalendar."""
