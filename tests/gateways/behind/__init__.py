"""What the tests of the gateways behind real web servers are made of."""
