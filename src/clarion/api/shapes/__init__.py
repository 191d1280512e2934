"""What programs send and get, as pydantic models: the schemas of the OpenAPI document."""
