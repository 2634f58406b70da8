"""What a deployment of so many jobs needs: unit costs, measured here, and the tables computed from them."""
