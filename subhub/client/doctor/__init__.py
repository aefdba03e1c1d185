"""The doctor: whether the accounts of a configuration work as they are, and what to do if not.

Only reads are sent, and no file is created or changed, so it is safe next to running programs.
"""

from subhub.client.doctor.diagnosis import diagnose, examine
from subhub.client.doctor.findings import Finding, Level

__all__ = ["Finding", "Level", "diagnose", "examine"]
