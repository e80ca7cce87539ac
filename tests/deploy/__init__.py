"""What is shipped for operators."""
