"""The synthetic camera: animated people before a rendered depth sensor."""
