"""Models, versions, environments and endpoints."""
