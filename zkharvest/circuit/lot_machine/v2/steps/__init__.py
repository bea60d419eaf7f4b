"""The table `steps` of v2, one file a subject: its columns, its constraints and the function that fills it."""
