"""What is asked of the operating system: files, their locks, forks of the process, threads."""
