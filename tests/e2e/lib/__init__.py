"""Helpers of the end-to-end tests: no test is in here."""
