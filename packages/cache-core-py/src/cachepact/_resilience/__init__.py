"""What happens while Redis does not answer."""
