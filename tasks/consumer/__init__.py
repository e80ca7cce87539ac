"""How a worker takes messages: whatever comes, none of them ends it, and none is lost in silence."""
