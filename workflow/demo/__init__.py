"""The demonstration: the story of a callback that was two days late, retold so that it ends well."""
