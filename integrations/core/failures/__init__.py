"""Why a finished run was wrong where it was: measured facts about its test windows."""
