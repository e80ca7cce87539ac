"""The barometer: what is kept, late and lapsed, what recurs, over any period and down to the cases."""
