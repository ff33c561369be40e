"""What the tests of the production server with real clients are made of."""
