"""The endpoints of Afternoon's fake, one module for each resource of the API.

They are written from Afternoon's documentation and import nothing from the plugin.
"""
