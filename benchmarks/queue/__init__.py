"""The sync queue beside other queues: publishing, consuming, and what a backlog does."""
