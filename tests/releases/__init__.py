"""What each release left in its tables, written by that release itself: one file a revision, for the upgrade's test."""
