"""Google's BlazePose networks: 33 landmarks of a person in an image."""
