"""The tests of the gateway: a package, so that their engine ends with them."""
