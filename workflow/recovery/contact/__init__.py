"""Whether, when and how somebody may be contacted: identities, profiles, and the route of a notice. Pure."""
