"""The parts of the fake of Afternoon, one module for each subject of its API.

They are written from Afternoon's documents and import nothing of the plugin's.
"""
