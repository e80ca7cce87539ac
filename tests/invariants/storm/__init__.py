"""The storm: whole installations in which anything happens, and what must be so whatever does."""
