"""What would change if one version of a job file took another's place, for whoever shows it: a command, the console."""
