"""The parts of the fake of Mollie, one module for each subject of its API.

They are written from Mollie's documents and import nothing of the plugin's.
"""
