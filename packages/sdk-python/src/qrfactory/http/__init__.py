"""How a call becomes requests: retries, lists, files and events, written once for both clients."""
