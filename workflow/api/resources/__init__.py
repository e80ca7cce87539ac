"""Subjects as resources: what is known of a lifecycle says what its resource takes and answers."""
