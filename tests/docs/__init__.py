"""The pages as a site, and the commands in them."""
