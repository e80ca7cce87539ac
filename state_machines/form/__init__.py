"""The form of a definition: what a YAML file of a lifecycle may say, read and validated."""
