"""The version of subhub, in a module of its own so that asking for it loads nothing else."""

__version__ = "1.0.0"
