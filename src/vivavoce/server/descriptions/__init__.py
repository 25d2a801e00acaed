"""What the server says of itself: the REST routes in OpenAPI, the sockets in AsyncAPI, and a page for each."""
