"""The product, service recovery: desk, packets, archive, policies, contact. The engine never imports it."""
