"""Subjects found again: by key, account, telephone, e-mail, name and words, typing errors forgiven.

`letters` says which letters count, `terms` what of a subject stands in the index, `tiers` in which order it
is asked, `search` asks, `filling` puts subjects into it that were there before it. See docs/search.md.
"""
