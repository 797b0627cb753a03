"""Why a model decided as it did, for a few telling windows of the test part."""
