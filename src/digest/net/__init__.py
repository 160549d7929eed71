"""What is fetched over HTTP, through one guarded client."""
