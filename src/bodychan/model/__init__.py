"""The values that everything passes on: joints, captures, bodies, rotations. Imports nothing else here."""
