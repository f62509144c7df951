"""Generated from packages/wire. Do not edit."""
