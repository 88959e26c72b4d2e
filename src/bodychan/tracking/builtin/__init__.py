"""The built-in tracker, a folder for each of its stages: detect, observe, associate, fit."""
