"""What every connector shares: HTTP, dates, paging, the common settings of a source."""
