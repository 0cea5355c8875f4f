"""The calls of the service, a module a resource."""
