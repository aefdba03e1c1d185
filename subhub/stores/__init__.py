"""Stores on other machines: journals and permits by URL, found through entry points."""
