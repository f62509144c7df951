"""Preferences: write-behind."""
