"""The sandbox: its clock, what its stores are for, and how its time is passed."""
